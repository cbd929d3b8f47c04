//! What other processes change in the store while the server runs: accounts, switches, callers' profiles, and which
//! version of the menu is active.

use super::menu::{Keeper, NewMenu};
use crate::exchange::{Account as PhoneAccount, Ban, Scope};
use crate::io::clock::Clock;
use crate::io::store::{Account, Author, Store, StoreError, StoredBan, StoredSwitch};
use crate::ivr::acd::OperatorProfile;
use crate::ivr::menu::Name;
use crate::model::PhoneNumber;
use crate::voip::sip::digest::Ha1;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the store is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A change.
pub(super) enum News {
    /// The accounts as they are now.
    Accounts(Vec<(OperatorProfile, PhoneAccount)>),
    /// The switches that are set now.
    Switches(Vec<StoredSwitch>),
    /// The profiles of callers by number.
    Callers(HashMap<PhoneNumber, Name>),
    /// The bans that hold now.
    Bans(Vec<Ban>),
    /// The menu of calls to come.
    Menu(NewMenu),
}

/// Looks at the store every second and tells what changed, at first everything.
pub(super) fn watch(store: Store, clock: Clock, realm: String, mut keeper: Keeper) -> mpsc::Receiver<News> {
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut seen = Seen::default();
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match seen.look(&store, clock, &realm).await {
                Ok(news) => {
                    for news in news {
                        if sender.send(news).await.is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the store cannot be looked at; accounts and switches stay as they were");
                }
            }
            if let Err(error) = look_at_menu(&mut keeper, &store, clock, &sender).await {
                tracing::error!("the active version of the menu cannot be looked at: {error:#}");
            }
        }
    });
    receiver
}

/// Hands over a menu that has become active, and says so in the store once calls hear it.
async fn look_at_menu(
    keeper: &mut Keeper,
    store: &Store,
    clock: Clock,
    sender: &mpsc::Sender<News>,
) -> anyhow::Result<()> {
    let Some(taken) = keeper.look(store, clock).await? else { return Ok(()) };
    let (menu, afterwards) = taken.split();
    if sender.send(News::Menu(menu)).await.is_ok() {
        afterwards.tell(store).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Seen {
    accounts: Option<i64>,
    switches: Option<Vec<StoredSwitch>>,
    callers: Option<i64>,
    bans: Option<i64>,
}

impl Seen {
    async fn look(&mut self, store: &Store, clock: Clock, realm: &str) -> Result<Vec<News>, StoreError> {
        let mut news = Vec::new();
        let version = store.accounts_version().await?;
        if self.accounts != Some(version) {
            let accounts = store.accounts().await?;
            news.push(News::Accounts(accounts.iter().filter_map(|account| of_realm(account, realm)).collect()));
            self.accounts = Some(version);
        }
        // Who sets a switch sees the machine's clock.
        let now = clock.on_machine(clock.now().wall);
        store.expire_switches(&Author { who: "hotline serve".into(), at: now }).await?;
        let switches = store.switches(now).await?;
        if self.switches.as_ref() != Some(&switches) {
            news.push(News::Switches(switches.clone()));
            self.switches = Some(switches);
        }
        let version = store.callers_version().await?;
        if self.callers != Some(version) {
            let callers = store.callers().await?;
            news.push(News::Callers(callers.into_iter().map(|one| (one.number, one.profile.into())).collect()));
            self.callers = Some(version);
        }
        let version = store.bans_version().await?;
        if self.bans != Some(version) {
            news.push(News::Bans(bans(store, clock).await?));
            self.bans = Some(version);
        }
        Ok(news)
    }
}

/// The bans that hold, as the exchange wants them: the store has them by the machine's clock.
pub(super) async fn bans(store: &Store, clock: Clock) -> Result<Vec<Ban>, StoreError> {
    let ban = |ban: StoredBan| Ban {
        network: ban.network,
        scope: if ban.everything { Scope::Everything } else { Scope::Datagrams },
        until: ban.until.map(|until| clock.of_machine(until)),
        by_hand: ban.by_hand,
        reason: ban.reason.into(),
        times: ban.times,
    };
    let held = store.bans(clock.on_machine(clock.now().wall)).await?;
    Ok(held.into_iter().map(ban).collect())
}

/// An account as the exchange wants it; one of another realm cannot log in and is left out.
fn of_realm(account: &Account, realm: &str) -> Option<(OperatorProfile, PhoneAccount)> {
    let operator = account.login.clone();
    if account.realm != realm {
        tracing::warn!(%operator, realm = account.realm, "an account of another realm is left out; give it a new password");
        return None;
    }
    let md5 = bytes(account.ha1_md5.as_hex())?;
    let sha256 = bytes(account.ha1_sha256.as_hex())?;
    let profile = OperatorProfile {
        id: operator.clone(),
        skills: account.skills.clone(),
        languages: account.languages.clone(),
        role: account.role,
    };
    let sha512_256 = account.ha1_sha512_256.as_ref().and_then(|hash| bytes(hash.as_hex()));
    Some((profile, PhoneAccount { operator, ha1: Ha1 { md5, sha256, sha512_256 } }))
}

/// The octets of a hexadecimal hash of exactly `N` octets.
fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut octets = [0; N];
    if hex.len() != 2 * N || !hex.is_ascii() {
        return None;
    }
    for (octet, at) in octets.iter_mut().zip((0..hex.len()).step_by(2)) {
        *octet = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_switch_ends_by_the_machines_clock_whatever_time_is_pretended() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).await.expect("a store");
        let machine = Clock::start().now().wall;
        let hour = SignedDuration::from_hours(1);
        let set = |name: &str, until| StoredSwitch {
            name: name.into(),
            enabled: true,
            until: Some(until),
            by: Author { who: "olga".into(), at: machine },
        };
        store.set_switch(&set("holds", machine + hour)).await.expect("set");
        store.set_switch(&set("is_over", machine - hour)).await.expect("set");
        for pretended in ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"] {
            let clock = Clock::start_at(pretended.parse().expect("a time"));
            let news = Seen::default().look(&store, clock, "hotline").await.expect("read");
            let switches = news.iter().find_map(|news| match news {
                News::Switches(switches) => Some(switches.iter().map(|set| set.name.clone()).collect::<Vec<_>>()),
                _ => None,
            });
            assert_eq!(switches, Some(vec!["holds".into()]), "{pretended}");
        }
    }
}
