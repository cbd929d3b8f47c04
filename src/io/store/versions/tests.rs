use super::*;
use crate::io::store::Period;
use crate::io::store::tests::{at, opened};
use jiff::Timestamp;

fn wish(second: i64, how: How) -> Wish {
    Wish { by: Author { who: "olga".into(), at: at(second) }, how, note: "because".into() }
}

fn version(hash: &str) -> NewVersion {
    let file = |name: &str| MenuFile { name: name.into(), text: format!("# {hash} {name}\n") };
    NewVersion {
        hash: hash.into(),
        files: vec![file("hotline.yaml"), file("phrases.yaml")],
        warnings: 2,
        tests: Some(8),
    }
}

async fn audit(store: &Store) -> Vec<String> {
    let all = Period { since: Timestamp::MIN, until: Timestamp::MAX };
    let lines = store.audit_lines(all, 100).await.expect("read");
    lines.iter().rev().map(|line| format!("{} {} {}", line.by.who, line.what, line.detail)).collect()
}

#[tokio::test]
async fn versions_are_numbered_kept_whole_and_the_last_activation_counts() {
    let (store, _folder) = opened().await;
    assert_eq!(store.active_version().await.expect("read"), None);
    let first = store.apply_version(&version("aa"), &wish(0, How::Start)).await.expect("applied").expect("new");
    let second = store.apply_version(&version("bb"), &wish(1, How::Apply)).await.expect("applied").expect("new");
    assert_eq!((first.version, second.version), (VersionNumber(1), VersionNumber(2)));
    assert_eq!(store.active_version().await.expect("read"), Some(second));
    assert_eq!(store.menu_files(VersionNumber(1)).await.expect("read"), version("aa").files);
    let kept = store.menu_version(VersionNumber(2)).await.expect("read").expect("there");
    assert_eq!((kept.hash.as_str(), kept.warnings, kept.tests, kept.by.at), ("bb", 2, Some(8), at(1)));
    assert_eq!(store.menu_versions(1).await.expect("read"), [kept]);
    assert_eq!(store.menu_version(VersionNumber(3)).await.expect("read"), None);
    assert_eq!(
        audit(&store).await,
        ["olga menu_applied version 1 by start: because", "olga menu_applied version 2 by apply, before it 1: because"]
    );
}

#[tokio::test]
async fn the_same_files_are_the_same_version_and_only_an_apply_activates_it_again() {
    let (store, _folder) = opened().await;
    for hash in ["aa", "bb"] {
        store.apply_version(&version(hash), &wish(0, How::Apply)).await.expect("applied").expect("new");
    }
    assert_eq!(store.apply_version(&version("bb"), &wish(1, How::Watch)).await.expect("applied"), None);
    store.apply_version(&version("bb"), &wish(1, How::Apply)).await.expect("applied").expect("again");
    assert_eq!(store.version_before().await.expect("read"), Some(VersionNumber(1)));
    let again = store.apply_version(&version("aa"), &wish(2, How::Apply)).await.expect("applied").expect("changed");
    assert_eq!(again.version, VersionNumber(1));
    assert_eq!(store.menu_versions(10).await.expect("read").len(), 2);
    assert_eq!(audit(&store).await[2], "olga menu_applied version 2 by apply, again: because");
    assert_eq!(audit(&store).await.len(), 4);
}

#[tokio::test]
async fn each_step_back_leads_one_version_further_back() {
    let (store, _folder) = opened().await;
    assert_eq!(store.version_before().await.expect("read"), None);
    for hash in ["aa", "bb", "cc"] {
        store.apply_version(&version(hash), &wish(0, How::Apply)).await.expect("applied");
    }
    for expected in [2, 1] {
        let before = store.version_before().await.expect("read").expect("one");
        assert_eq!(before, VersionNumber(expected));
        store.activate_version(before, &wish(1, How::Rollback)).await.expect("gone back").expect("changed");
    }
    assert_eq!(store.version_before().await.expect("read"), None);
    assert_eq!(audit(&store).await[4], "olga menu_rolled_back version 1 by rollback, before it 2: because");
    assert_eq!(store.activations(10).await.expect("read").len(), 5);
    assert!(store.activate_version(VersionNumber(9), &wish(1, How::Rollback)).await.is_err(), "there is no 9");
}

#[tokio::test]
async fn a_server_says_what_it_made_of_a_version_and_a_refusal_is_audited() {
    let (store, _folder) = opened().await;
    let activation = store.apply_version(&version("aa"), &wish(0, How::Apply)).await.expect("applied").expect("new");
    assert_eq!(store.taken(activation.id).await.expect("read"), None);
    let server = Author { who: "server".into(), at: at(1) };
    store.menu_taken(&activation, &server, Some("3 prompts are missing")).await.expect("written");
    assert_eq!(store.taken(activation.id).await.expect("read"), Some(Some("3 prompts are missing".into())));
    store.menu_taken(&activation, &server, None).await.expect("written");
    assert_eq!(store.taken(activation.id).await.expect("read"), Some(None));
    assert_eq!(audit(&store).await[1..], ["server menu_refused version 1: 3 prompts are missing"]);
}

#[tokio::test]
async fn a_version_cannot_be_changed_afterwards() {
    let (store, _folder) = opened().await;
    store.apply_version(&version("aa"), &wish(0, How::Apply)).await.expect("applied");
    for table in ["menu_versions", "menu_files", "menu_activations"] {
        let deleted = sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(store.pool()).await;
        assert!(deleted.is_err(), "{table}");
    }
    assert!(sqlx::query("UPDATE menu_files SET text = ''").execute(store.pool()).await.is_err());
}
