//! What a region offers: the catalogue's entries as its services.

use windlass_catalogue::{Catalogue, Entry};
use windlass_model::id::{RegionId, ServiceId};
use windlass_records::Service;
use windlass_services::Hosting;

use crate::error::Error;
use crate::ids;
use crate::regions::RegionSettings;

/// The services of a region: one for each entry of the catalogue, with the id that it has in the store, and
/// those in the store that the catalogue has no longer, which instances may still be of. What no driver is
/// there for is not offered, nor what needs an account that the operator has not named.
///
/// # Errors
/// The settings offer what is not in the catalogue, or what needs an account, without one.
pub(crate) fn services(
    region: RegionId,
    drivers: &[(&str, Hosting)],
    catalogue: &Catalogue,
    settings: &RegionSettings,
    existing: &[Service],
) -> Result<Vec<Service>, Error> {
    let unknown = settings.offered.iter().flatten().find(|wanted| {
        let is_it = |entry: &Entry| is_meant(wanted, entry);
        !catalogue.entries().any(|entry| is_it(&entry))
    });
    if let Some(unknown) = unknown {
        return Err(Error::refused(
            "unknown_service",
            format!(
                "region '{}' is to offer '{unknown}', which is not in the catalogue; it has {}",
                settings.name,
                in_words(catalogue)
            ),
        ));
    }
    let hosting = |entry: &Entry| {
        let driver = drivers.iter().find(|(kind, _)| *kind == entry.driver);
        driver.map(|(_, hosting)| *hosting)
    };
    let lacks_account = |entry: &Entry| {
        let serves = title(&entry.driver, &entry.version);
        let mut named = settings.external_clusters.iter();
        hosting(entry) == Some(Hosting::Account) && !named.any(|named| named.serves == serves)
    };
    for wanted in settings.offered.iter().flatten() {
        let mut meant = catalogue
            .entries()
            .filter(|entry| is_meant(wanted, entry))
            .peekable();
        let first = meant
            .peek()
            .map(|entry| title(&entry.driver, &entry.version));
        // Of a type whose name means several, one that can be had is enough.
        if let Some(serves) = first
            && meant.all(|entry| lacks_account(&entry))
        {
            return Err(Error::refused(
                "no_account",
                format!(
                    "region '{}' is to offer '{wanted}', which needs an account of yours: name it with --shared-cluster \
                     {serves}=https://ACCOUNT:KEY@HOST, or do not offer it",
                    settings.name
                ),
            ));
        }
    }
    let mut services: Vec<Service> = catalogue
        .entries()
        .map(|entry| {
            let known = existing
                .iter()
                .find(|service| service.identifier == entry.identifier);
            let can_be_had = hosting(&entry).is_some() && !lacks_account(&entry);
            let is_wanted = settings
                .offered
                .as_ref()
                .is_none_or(|offered| offered.iter().any(|wanted| is_meant(wanted, &entry)));
            let id = known.map_or_else(ids::mint, |service| service.id);
            service(region, id, entry, can_be_had && is_wanted)
        })
        .collect();
    let withdrawn: Vec<Service> = existing
        .iter()
        .filter(|old| services.iter().all(|service| service.id != old.id))
        .map(|old| Service {
            offered: false,
            ..old.clone()
        })
        .collect();
    services.extend(withdrawn);
    Ok(services)
}

/// What is named when an operator names a server or an account for it: `postgres-15`.
pub(crate) fn title(driver: &str, version: &str) -> String {
    format!("{driver}-{version}")
}

/// A type's name means all of its entries.
fn is_meant(wanted: &str, entry: &Entry) -> bool {
    wanted == entry.identifier || wanted == entry.driver
}

fn in_words(catalogue: &Catalogue) -> String {
    let names: Vec<String> = catalogue.entries().map(|entry| entry.identifier).collect();
    names.join(", ")
}

fn service(region: RegionId, id: ServiceId, entry: Entry, offered: bool) -> Service {
    Service {
        id,
        region,
        identifier: entry.identifier,
        name: entry.name,
        description: entry.description,
        driver: entry.driver,
        kind: entry.kind,
        version: entry.version,
        plan: entry.plan,
        image: entry.image,
        shared: entry.shared,
        memory_bytes: entry.memory_bytes,
        storage_bytes: entry.storage_bytes,
        cpu_millis: entry.cpu_millis,
        connection_limit: entry.connections,
        rank: entry.rank,
        offered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> Catalogue {
        Catalogue::built_in().expect("the files of this build are tested")
    }

    const POSTGRES: (&str, Hosting) = ("postgres", Hosting::Server);

    fn offered(services: &[Service]) -> Vec<&str> {
        services
            .iter()
            .filter(|service| service.offered)
            .map(|service| service.identifier.as_str())
            .collect()
    }

    #[test]
    fn what_has_a_driver_is_offered_unless_the_settings_name_less() {
        let region = ids::mint();
        let mut settings = RegionSettings::default();
        let all = services(region, &[POSTGRES], &built_in(), &settings, &[]).expect("services");
        assert!(offered(&all).contains(&"postgres-15-shared"), "{all:?}");
        let none = services(region, &[], &built_in(), &settings, &[]).expect("services");
        assert_eq!(offered(&none), [""; 0]);
        assert_eq!(none.len(), all.len(), "they are known all the same");

        settings.offered = Some(vec!["postgres-15-private".to_owned()]);
        let one = services(region, &[POSTGRES], &built_in(), &settings, &all).expect("services");
        assert_eq!(offered(&one), ["postgres-15-private"]);
        let ids = |services: &[Service]| -> Vec<ServiceId> {
            services.iter().map(|service| service.id).collect()
        };
        assert_eq!(ids(&one), ids(&all), "each keeps its id");
    }

    #[test]
    fn what_the_catalogue_has_no_longer_stays_and_is_not_offered() {
        let settings = RegionSettings::default();
        let region = ids::mint();
        let mut known =
            services(region, &[POSTGRES], &built_in(), &settings, &[]).expect("services");
        let gone = Service {
            id: ids::mint(),
            identifier: "postgres-9-shared".to_owned(),
            ..known[0].clone()
        };
        known.push(gone.clone());
        let now = services(region, &[POSTGRES], &built_in(), &settings, &known).expect("services");
        let kept = now.iter().find(|service| service.id == gone.id);
        assert_eq!(
            kept,
            Some(&Service {
                offered: false,
                ..gone
            })
        );
    }

    #[test]
    fn an_offer_of_what_is_not_in_the_catalogue_is_refused() {
        let settings = RegionSettings {
            offered: Some(vec!["postgres".to_owned(), "oracle".to_owned()]),
            ..RegionSettings::default()
        };
        let error =
            services(ids::mint(), &[POSTGRES], &built_in(), &settings, &[]).expect_err("refused");
        let text = error.to_string();
        assert!(
            text.starts_with(
                "region 'local' is to offer 'oracle', which is not in the catalogue; it has "
            ),
            "{text}"
        );
    }

    #[test]
    fn what_needs_an_account_is_offered_where_one_is_named() {
        let drivers = [POSTGRES, ("azure-blob", Hosting::Account)];
        let region = ids::mint();
        let mut settings = RegionSettings {
            offered: Some(vec!["postgres".to_owned(), "azure-blob".to_owned()]),
            ..RegionSettings::default()
        };
        let error = services(region, &drivers, &built_in(), &settings, &[]).expect_err("refused");
        let text = error.to_string();
        assert!(
            text.contains("name it with --shared-cluster azure-blob-1=https://ACCOUNT:KEY@HOST"),
            "{text}"
        );
        let is_offered = |settings: &RegionSettings| {
            let all = services(region, &drivers, &built_in(), settings, &[]).expect("services");
            offered(&all).contains(&"azure-blob-1-shared")
        };
        settings.offered = None;
        assert!(!is_offered(&settings), "nobody asked for it");
        settings.external_clusters.push(crate::ExternalCluster {
            serves: "azure-blob-1".to_owned(),
            host: "shop.blob.core.windows.net".to_owned(),
            port: None,
            administration_port: None,
            administrator: "shop".to_owned(),
            password: ids::password(40),
            database: None,
            url: Some("https://shop.blob.core.windows.net".to_owned()),
        });
        assert!(is_offered(&settings), "an account is named");
        settings.offered = Some(vec!["azure-blob".to_owned()]);
        assert!(is_offered(&settings), "and it was asked for");
    }
}
