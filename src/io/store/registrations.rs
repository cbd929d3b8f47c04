//! Where operators' phones are reached: kept so that a restart does not silence them until they register again.

use super::{Store, StoreError, micros, timestamp};
use crate::model::OperatorId;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::net::SocketAddr;

/// One binding of the registrar (RFC 3261 §10.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRegistration {
    /// Whose phone.
    pub login: OperatorId,
    /// The Contact URI as registered.
    pub contact: String,
    /// How it is reached: `udp`, `tcp` or `tls`.
    pub transport: String,
    /// Where it is reached.
    pub source: SocketAddr,
    /// The hops on the way to it, the first one first (RFC 3327).
    pub path: Vec<String>,
    /// Its `q` in thousandths.
    pub priority: u16,
    /// Its instance and flow (RFC 5626).
    pub flow: Option<(String, u32)>,
    /// The Call-ID of the REGISTER.
    pub sip_call: String,
    /// Its `CSeq` number.
    pub cseq: u32,
    /// When the binding ends.
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps a binding, in place of the one with the same login and contact.
    ///
    /// # Errors
    /// When there is no such account or the file cannot be written.
    pub async fn save_registration(&self, registration: &StoredRegistration) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT OR REPLACE INTO registrations (login, contact, transport, source, sip_call, cseq, expires_at, \
             path, priority, instance, flow) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(registration.login.as_str())
        .bind(&registration.contact)
        .bind(&registration.transport)
        .bind(registration.source.to_string())
        .bind(&registration.sip_call)
        .bind(registration.cseq)
        .bind(micros(registration.expires_at))
        .bind(serde_json::Value::from(registration.path.as_slice()).to_string())
        .bind(registration.priority)
        .bind(registration.flow.as_ref().map(|(instance, _)| instance.as_str()))
        .bind(registration.flow.as_ref().map(|(_, number)| *number))
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Keeps these bindings of an operator, in the place of all there were.
    ///
    /// # Errors
    /// When there is no such account or the file cannot be written.
    pub async fn replace_registrations(
        &self,
        login: &OperatorId,
        registrations: &[StoredRegistration],
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM registrations WHERE login = ?").bind(login.as_str()).execute(self.pool()).await?;
        for registration in registrations {
            self.save_registration(registration).await?;
        }
        Ok(())
    }

    /// Forgets a binding.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn remove_registration(&self, login: &OperatorId, contact: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM registrations WHERE login = ? AND contact = ?")
            .bind(login.as_str())
            .bind(contact)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// The bindings that hold at `now`; those that ended are forgotten.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub async fn registrations(&self, now: Timestamp) -> Result<Vec<StoredRegistration>, StoreError> {
        sqlx::query("DELETE FROM registrations WHERE expires_at <= ?").bind(micros(now)).execute(self.pool()).await?;
        let rows = sqlx::query("SELECT * FROM registrations ORDER BY login, contact").fetch_all(self.pool()).await?;
        rows.iter().map(read_registration).collect()
    }
}

fn read_registration(row: &SqliteRow) -> Result<StoredRegistration, StoreError> {
    let source: &str = row.try_get("source")?;
    let instance: Option<String> = row.try_get("instance")?;
    let flow: Option<u32> = row.try_get("flow")?;
    let path = serde_json::from_str(row.try_get("path")?);
    Ok(StoredRegistration {
        login: OperatorId::new(row.try_get("login")?),
        contact: row.try_get("contact")?,
        transport: row.try_get("transport")?,
        source: source.parse().map_err(|_| StoreError::Damaged { what: "source of a registration" })?,
        path: path.map_err(|_| StoreError::Damaged { what: "path of a registration" })?,
        priority: row.try_get("priority")?,
        flow: instance.zip(flow),
        sip_call: row.try_get("sip_call")?,
        cseq: row.try_get("cseq")?,
        expires_at: timestamp(row.try_get("expires_at")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::accounts::tests::account;
    use crate::io::store::tests::{at, opened};

    fn phone(contact: &str, expires_at: Timestamp) -> StoredRegistration {
        StoredRegistration {
            login: OperatorId::new("anna"),
            contact: contact.into(),
            transport: "udp".into(),
            source: "192.0.2.7:5060".parse().expect("an address"),
            path: vec!["<sip:edge.example.com;lr>".into()],
            priority: 700,
            flow: Some(("<urn:uuid:1>".into(), 1)),
            sip_call: "a1".into(),
            cseq: 1,
            expires_at,
        }
    }

    #[tokio::test]
    async fn a_registration_outlives_a_restart_but_not_its_expiry_nor_its_account() {
        let (store, folder) = opened().await;
        store.add_account(&account("anna")).await.expect("added");
        let (desk, mobile) = (phone("sip:anna@192.0.2.7", at(600)), phone("sip:anna@192.0.2.8", at(60)));
        for registration in [&desk, &mobile, &desk] {
            store.save_registration(registration).await.expect("saved");
        }
        store.close().await;

        let store = Store::open(folder.path()).await.expect("opened again");
        assert_eq!(store.registrations(at(0)).await.expect("read"), vec![desk.clone(), mobile]);
        assert_eq!(store.registrations(at(60)).await.expect("read"), vec![desk]);

        store.remove_account(&OperatorId::new("anna")).await.expect("removed");
        assert!(store.registrations(at(0)).await.expect("read").is_empty());
    }

    #[tokio::test]
    async fn the_phones_of_an_operator_are_replaced_together() {
        let (store, _folder) = opened().await;
        store.add_account(&account("anna")).await.expect("added");
        let (desk, mobile) = (phone("sip:anna@192.0.2.7", at(600)), phone("sip:anna@192.0.2.8", at(600)));
        store.save_registration(&desk).await.expect("saved");
        store.replace_registrations(&desk.login, std::slice::from_ref(&mobile)).await.expect("replaced");
        assert_eq!(store.registrations(at(0)).await.expect("read"), vec![mobile]);
        store.replace_registrations(&desk.login, &[]).await.expect("replaced");
        assert!(store.registrations(at(0)).await.expect("read").is_empty());
    }

    #[tokio::test]
    async fn a_phone_that_leaves_is_forgotten() {
        let (store, _folder) = opened().await;
        store.add_account(&account("anna")).await.expect("added");
        let desk = phone("sip:anna@192.0.2.7", at(600));
        store.save_registration(&desk).await.expect("saved");
        store.remove_registration(&desk.login, &desk.contact).await.expect("removed");
        assert!(store.registrations(at(0)).await.expect("read").is_empty());
    }
}
