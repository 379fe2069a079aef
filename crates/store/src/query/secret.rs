//! Opens secrets.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, query};
use windlass_model::id::SecretId;
use windlass_records::Secret;

use crate::fault::{Fault, damaged, missing};
use crate::key::Vault;

pub(crate) async fn reveal(
    connection: &mut SqliteConnection,
    vault: &Vault,
    ids: &[SecretId],
) -> Result<Vec<Secret>, Fault> {
    let mut secrets = Vec::with_capacity(ids.len());
    for &id in ids {
        let row = query("SELECT key_id, sealed FROM secret WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or_else(|| missing(format!("secret {id}")))?;
        let key_id = crate::row::text(&row, "key_id")?;
        if key_id != vault.key_id() {
            return Err(damaged(
                "secret.key_id",
                format!("secret {id} is sealed under key {key_id}, which is not here"),
            ));
        }
        let sealed: Vec<u8> = row.try_get("sealed")?;
        secrets.push(Secret {
            id,
            value: vault.open(id, &sealed)?,
        });
    }
    Ok(secrets)
}
