use std::sync::Arc;
use std::time::Instant;
use windlass_records::conformance::sample::{self, Sample};
use windlass_records::*;
use windlass_store::SqliteStore;

#[tokio::test]
async fn scale() {
    let dir = std::path::PathBuf::from("/tmp/scale-store");
    let _ = std::fs::remove_dir_all(&dir);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(windlass_store::StoreSettings::new(&dir)).await.unwrap());
    let s = Sample::new(store.clone()).await;
    let t = Instant::now();
    let mut subnet = 10;
    let mut last = None; let mut env=None;
    for a in 0..10_000 {
        let app = sample::application(&s.organisation, &s.region, &format!("app-{a:05}"));
        let mut changes = vec![Change::InsertApplication(app.clone())];
        for (p, slug) in ["test", "live"].into_iter().enumerate() {
            let (e, key) = sample::environment(&app, slug, p as i64, subnet);
            subnet += 1;
            changes.push(Change::InsertSecret(key));
            changes.push(Change::InsertEnvironment(e.clone()));
            let v = sample::secret("v");
            changes.push(Change::InsertSecret(v.clone()));
            changes.push(Change::PutVariable(sample::variable(e.id, "NAME", v.id)));
            changes.push(Change::InsertInstance(s.instance(&e, &s.database, "DEFAULT")));
            if p == 0 { changes.push(Change::InsertInstance(s.instance(&e, &s.storage, "DEFAULT"))); }
            let d = s.deployment(&e, vec![]);
            changes.push(Change::InsertDeployment(d.clone()));
            changes.push(Change::InsertRelease(s.release(&d)));
            changes.push(Change::NumberRelease { id: d.release });
            changes.push(sample::finish(&d, DeploymentStatus::Completed));
            env = Some(e);
        }
        if a % 2 == 0 { store.create(sample::operation(&app.id.to_string()), changes).await.unwrap(); } else { store.commit(changes).await.unwrap(); }
        last = Some(app);
    }
    eprintln!("filled in {:?}", t.elapsed());
    let (app, env) = (last.unwrap(), env.unwrap());
    macro_rules! time { ($name:expr, $e:expr) => {{
        let mut all = vec![];
        for _ in 0..200 { let t = Instant::now(); let _ = $e.await.unwrap(); all.push(t.elapsed()); }
        all.sort();
        eprintln!("{:40} p50 {:?} p99 {:?}", $name, all[100], all[197]);
    }}}
    let p = PageRequest::first(100);
    time!("applications", store.applications(&ApplicationFilter::default(), &p));
    let f = ApplicationFilter { organisation: Some(s.organisation.id), slug: None };
    time!("applications org", store.applications(&f, &p));
    let next = store.applications(&f, &PageRequest::first(5000)).await.unwrap().next;
    let mid = PageRequest { limit: 100, after: next };
    time!("applications org mid", store.applications(&f, &mid));
    time!("instances all", store.instances(&InstanceFilter::default(), &p));
    let next = store.instances(&InstanceFilter::default(), &PageRequest::first(15000)).await.unwrap().next;
    let mid = PageRequest { limit: 100, after: next };
    time!("instances all mid", store.instances(&InstanceFilter::default(), &mid));
    time!("instances app", store.instances(&InstanceFilter { application: Some(app.id), ..Default::default() }, &p));
    time!("instances env", store.instances(&InstanceFilter { environment: Some(env.id), ..Default::default() }, &p));
    time!("variables app", store.variables(&VariableFilter { application: Some(app.id), ..Default::default() }, &p));
    time!("variables env", store.variables(&VariableFilter { environment: Some(env.id), ..Default::default() }, &p));
    time!("variables all", store.variables(&VariableFilter::default(), &p));
    time!("deployments all", store.deployments(&DeploymentFilter::default(), &p));
    time!("deployments unfinished", store.deployments(&DeploymentFilter { unfinished: true, ..Default::default() }, &p));
    time!("deployments app", store.deployments(&DeploymentFilter { application: Some(app.id), ..Default::default() }, &p));
    time!("releases", store.releases(env.id, &p));
    time!("operations all", store.operations(&OperationFilter::default(), &p));
    time!("operations tenant", store.operations(&OperationFilter { tenant: Some("tenant".into()), ..Default::default() }, &p));
    time!("operations states", store.operations(&OperationFilter { states: vec![windlass_operations::OperationState::NeedsAttention], ..Default::default() }, &p));
    time!("operations tenant states", store.operations(&OperationFilter { tenant: Some("tenant".into()), states: vec![windlass_operations::OperationState::NeedsAttention], ..Default::default() }, &p));
    time!("environments", store.environments(app.id));
    time!("free_subnets", store.free_subnets(s.region.id, 2));
    time!("next_due", store.next_due());
    time!("claim", store.claim("me", sample::NOW, 100000));
    let t = Instant::now(); store.all_environments().await.unwrap(); eprintln!("all_environments {:?}", t.elapsed());
    let t = Instant::now(); store.take_over(sample::NOW).await.unwrap(); eprintln!("take_over {:?}", t.elapsed());
    let t = Instant::now(); let _ = store.commit(vec![Change::DeleteApplication(app.id)]).await; eprintln!("delete {:?}", t.elapsed());
    drop(store); drop(s);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let t = Instant::now();
    let _store = SqliteStore::open(windlass_store::StoreSettings::new(&dir)).await.unwrap();
    eprintln!("open {:?} size {}", t.elapsed(), std::fs::metadata(dir.join("windlass.db")).unwrap().len());
}
