use super::*;
use std::collections::BTreeSet;

fn example() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.yaml");
    std::fs::read_to_string(path).expect("config.example.yaml")
}

/// Every key of a tree, such as `sip.listen`.
fn keys(value: &serde_yaml::Value, prefix: &str, into: &mut BTreeSet<String>) {
    let serde_yaml::Value::Mapping(mapping) = value else { return };
    for (key, value) in mapping {
        let path = format!("{prefix}{}", key.as_str().expect("keys are text"));
        keys(value, &format!("{path}."), into);
        into.insert(path);
    }
}

fn all_keys(value: &serde_yaml::Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    keys(value, "", &mut all);
    all
}

#[test]
fn the_example_names_every_key_and_equals_the_defaults() {
    let text = example();
    assert_eq!(Config::parse(&text, "config.example.yaml").expect("parses"), Config::default());
    let defaults = serde_yaml::to_value(Config::default()).expect("a tree");
    let written = serde_yaml::from_str(&text).expect("a tree");
    assert_eq!(all_keys(&written), all_keys(&defaults));
}

#[test]
fn the_example_says_default_and_example_of_every_key() {
    let text = example();
    let defaults = serde_yaml::to_value(Config::default()).expect("a tree");
    let leaves = all_keys(&defaults);
    let is_leaf = |key: &&String| !leaves.iter().any(|other| other.starts_with(&format!("{key}.")));
    let comments = text.lines().filter(|line| line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let documented = comments.matches("Default").count();
    assert_eq!(documented, leaves.iter().filter(is_leaf).count(), "a comment with `Default` for each key");
}

#[test]
fn what_is_not_written_has_its_default() {
    for text in ["", "# nothing\n", "sip:\n  user_agent: hotline\n", "\u{feff}data: data\n"] {
        assert_eq!(Config::parse(text, "c.yaml").expect("parses"), Config::default(), "{text:?}");
    }
}

#[test]
fn the_command_line_wins() {
    let address = "127.0.0.1:5080".parse().expect("an address");
    let overrides = Overrides { sip: Some(address), data: Some("elsewhere".into()), ..Overrides::default() };
    let config = Config::parse("sip: {listen: ['0.0.0.0:5060', '[::]:5060']}\nmenus: m\n", "c.yaml").expect("parses");
    let config = config.merge(overrides);
    assert_eq!((config.sip.listen, config.data, config.menus), (vec![address], "elsewhere".into(), "m".into()));
}

#[test]
fn every_mistake_has_its_place_and_advice() {
    let cases = [
        "sip:\n  listn: []\n",
        "spi: {}\n",
        "colour: red\n",
        "data: a\ndata: b\n",
        "sip:\n  listen: [\"5060\"]\n",
        "sip:\n  listen: []\n",
        "sip:\n  transports: [udp, udp]\n",
        "sip:\n  transports: [ucp]\n",
        "media:\n  silence_limit: 30\n",
        "media:\n  silence_limit: 30 sec\n",
        "media:\n  ports: 20000\n",
        "media:\n  codecs: [pcma]\n",
        "limits:\n  calls: many\n",
        "limits:\n  calls: 0\n",
        "limits:\n  call_length: 0s\n",
        "operators:\n  realm: \"a:b\"\n",
        "operators:\n  registration: {min: 1h, max: 60s}\n",
        "blocked_numbers: [anna]\n",
        "log:\n  level: loud\n",
        "sip:\n\tlisten: []\n",
        "sip: [\n",
        "- sip\n",
        "sip:\n  listen [127.0.0.1:5060]\n",
        "data d\nmenus: menus\n",
        "dаta: d\n",
        "data: “d”\n",
        "limits:\ncalls: 10\n",
        "limits:\n  calls: 10\n retry_after: 5s\n",
    ];
    let report: Vec<String> = cases
        .iter()
        .map(|text| {
            let error = Config::parse(text, "config.yaml").expect_err(text);
            format!("{text}=> {error}\n")
        })
        .collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn a_code_point_has_six_bits() {
    assert_eq!(Config::parse("media: {dscp: 63}\n", "config.yaml").expect("six bits").media.dscp, 63);
    let error = Config::parse("media: {dscp: 64}\n", "config.yaml").expect_err("seven bits").to_string();
    assert!(error.contains("0 to 63"), "{error}");
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.yaml");
    let missing = Config::read(&path).expect_err("missing").to_string();
    assert!(missing.contains("config.yaml: cannot be read") && missing.contains("config.example.yaml"), "{missing}");
    std::fs::write(&path, b"data: \xe4\xe0\xed\xed\xfb\xe5").expect("written");
    let foreign = Config::read(&path).expect_err("Windows-1251").to_string();
    assert!(foreign.contains("UTF-8"), "{foreign}");
}
