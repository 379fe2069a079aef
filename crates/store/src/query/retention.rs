//! Queries about what need not be kept.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::EnvironmentId;
use windlass_records::{CLEAN_UP_SUBJECT, Keep, Surplus, SurplusRelease};

use crate::fault::Fault;
use crate::row::{number, parsed};

/// `?1`: releases that are kept, `?2`: deployments, `?3`: the kind of subject, `?4`: the limit.
///
/// Counts and one step beyond the limit in an index, so that an environment costs what it keeps and not
/// what its rows hold. A deployment has one release at most: when no release is past the limit, those that
/// are left over by the numbered ones are the deployments that have none of the kept.
const ENVIRONMENTS: &str = "\
    SELECT environment.id FROM environment JOIN application ON application.id = environment.application_id \
    WHERE application.removing = 0 \
    AND NOT EXISTS (SELECT 1 FROM deployment WHERE environment_id = environment.id AND ended_at IS NULL) \
    AND NOT EXISTS (SELECT 1 FROM operation WHERE subject_kind = ?3 AND subject_id = environment.id \
        AND state IN ('pending', 'running', 'compensating', 'needs_attention')) \
    AND (EXISTS (SELECT 1 FROM release WHERE environment_id = environment.id AND number > 0 \
            AND id IS NOT environment.running_release \
            AND number <= (SELECT newer.number FROM release AS newer WHERE newer.environment_id = environment.id \
                AND newer.number > 0 ORDER BY newer.number DESC LIMIT 1 OFFSET ?1)) \
        OR (SELECT COUNT(*) FROM deployment WHERE environment_id = environment.id) \
            > ?2 + (SELECT COUNT(*) FROM release WHERE environment_id = environment.id AND number > 0)) \
    ORDER BY environment.id LIMIT ?4";

/// `?1`: the environment, `?2`: releases that are kept, `?3`: deployments, `?4`: the limit.
macro_rules! with_past {
    ($statement:literal) => {
        concat!(
            "WITH newest AS (SELECT id, deployment_id FROM release WHERE environment_id = ?1 AND number > 0 \
                ORDER BY number DESC LIMIT ?2), \
             kept AS (SELECT id, deployment_id FROM newest UNION SELECT release.id, release.deployment_id \
                FROM environment JOIN release ON release.id = environment.running_release \
                WHERE environment.id = ?1), \
             beyond AS (SELECT id, number FROM deployment WHERE environment_id = ?1 AND ended_at IS NOT NULL \
                AND id NOT IN (SELECT deployment_id FROM kept) ORDER BY number DESC LIMIT -1 OFFSET ?3), \
             past AS (SELECT id, number FROM beyond ORDER BY number LIMIT ?4) ",
            $statement
        )
    };
}

const DEPLOYMENTS: &str = with_past!("SELECT id FROM past ORDER BY number");

const RELEASES: &str = with_past!(
    "SELECT id, number, deployment_id FROM release WHERE environment_id = ?1 AND id NOT IN (SELECT id FROM kept) \
     AND (deployment_id IN (SELECT id FROM past) OR id IN (SELECT id FROM release WHERE environment_id = ?1 \
        AND number > 0 AND id NOT IN (SELECT id FROM kept) ORDER BY number LIMIT ?4)) ORDER BY number, id"
);

pub(crate) async fn environments(
    connection: &mut SqliteConnection,
    keep: &Keep,
    limit: u32,
) -> Result<Vec<EnvironmentId>, Fault> {
    let rows = query(ENVIRONMENTS)
        .bind(keep.releases)
        .bind(keep.deployments)
        .bind(CLEAN_UP_SUBJECT)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

pub(crate) async fn surplus(
    connection: &mut SqliteConnection,
    environment: EnvironmentId,
    keep: &Keep,
    limit: u32,
) -> Result<Surplus, Fault> {
    let mut of = async |statement: &'static str| {
        query(statement)
            .bind(environment.to_string())
            .bind(keep.releases)
            .bind(keep.deployments)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await
    };
    let releases = of(RELEASES).await?;
    let deployments = of(DEPLOYMENTS).await?;
    Ok(Surplus {
        releases: releases
            .iter()
            .map(release_from)
            .collect::<Result<_, _>>()?,
        deployments: deployments
            .iter()
            .map(|row| parsed(row, "id"))
            .collect::<Result<_, _>>()?,
    })
}

fn release_from(row: &SqliteRow) -> Result<SurplusRelease, Fault> {
    Ok(SurplusRelease {
        id: parsed(row, "id")?,
        number: number(row, "number")?,
        deployment: parsed(row, "deployment_id")?,
    })
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, Row};

    use super::*;
    use crate::migration::migrate;
    use crate::operation::ENDED;

    /// What the statement reads from one end to the other.
    async fn scanned(statement: &str) -> Vec<String> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        migrate(&mut connection, 0).await.unwrap();
        let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = query(explained).fetch_all(&mut connection).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>("detail"));
        plan.filter_map(|line| Some(line.strip_prefix("SCAN ")?.split(' ').next()?.to_owned()))
            .collect()
    }

    /// They run every few minutes, over everything that there is.
    #[tokio::test]
    async fn only_environments_are_read_whole() {
        assert_eq!(scanned(ENVIRONMENTS).await, ["environment"]);
        assert_eq!(scanned(ENDED).await, [] as [&str; 0]);
        let of_one = ["newest", "kept", "beyond", "past"];
        for statement in [DEPLOYMENTS, RELEASES] {
            let scanned = scanned(statement).await;
            let unknown: Vec<_> = scanned
                .iter()
                .filter(|name| !of_one.contains(&name.as_str()))
                .collect();
            assert!(unknown.is_empty(), "{unknown:?}");
        }
        assert_eq!(scanned("SELECT * FROM release").await, ["release"]);
    }
}
