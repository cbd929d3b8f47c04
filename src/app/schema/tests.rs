//! The schemas, held by a validator that is not ours against the files of this project and against slips.

use super::*;
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::json;

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn of(kind: SchemaKind) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("hotline.json", schema(kind)).unwrap();
        let index = compiler.compile("hotline.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    fn accepts(&self, value: &Json) -> Result<(), String> {
        self.schemas.validate(value, self.index).map_err(|error| format!("{error:#}"))
    }
}

/// A YAML text as a schema sees it: keys are texts.
fn yaml(text: &str) -> Json {
    fn plain(value: serde_yaml::Value) -> Json {
        match value {
            serde_yaml::Value::Mapping(entries) => entries
                .into_iter()
                .map(|(key, value)| (plain(key).as_str().map_or_else(|| "?".to_owned(), str::to_owned), plain(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            serde_yaml::Value::Sequence(items) => items.into_iter().map(plain).collect(),
            serde_yaml::Value::Tagged(tagged) => plain(tagged.value),
            other => serde_json::to_value(other).unwrap(),
        }
    }
    fn texts(value: serde_yaml::Value) -> serde_yaml::Value {
        match value {
            serde_yaml::Value::Mapping(entries) => {
                let text = |key| match key {
                    serde_yaml::Value::Number(number) => serde_yaml::Value::String(number.to_string()),
                    other => other,
                };
                entries
                    .into_iter()
                    .map(|(key, value)| (text(key), texts(value)))
                    .collect::<serde_yaml::Mapping>()
                    .into()
            }
            serde_yaml::Value::Sequence(items) => serde_yaml::Value::Sequence(items.into_iter().map(texts).collect()),
            other => other,
        }
    }
    plain(texts(serde_yaml::from_str(text).unwrap()))
}

#[test]
fn the_files_of_this_project_fit_their_schemas() {
    let files = [
        (SchemaKind::Menu, include_str!("../../../menus/hotline.yaml")),
        (SchemaKind::Menu, include_str!("../../../menus/phrases.yaml")),
        (SchemaKind::Menu, include_str!("../../../menus/services.yaml")),
        (SchemaKind::Config, include_str!("../../../config.example.yaml")),
        (SchemaKind::Test, include_str!("../../../menus/tests/hotline.test.yaml")),
        (SchemaKind::Test, include_str!("../../../tests/flow_rules.test.yaml")),
    ];
    for (kind, text) in files {
        let accepted = Validator::of(kind).accepts(&yaml(text));
        assert_eq!(accepted, Ok(()), "{kind:?}: {}", text.lines().next().unwrap_or_default());
    }
}

#[test]
fn slips_are_refused() {
    let cases = [
        (SchemaKind::Menu, "taks: {a: {steps: [hangup]}}"),
        (SchemaKind::Menu, "tasks: {a: {steps: hangup}}"),
        (SchemaKind::Menu, "tasks: {a: {stepps: [hangup]}}"),
        (SchemaKind::Menu, "tasks: {a: {steps: [hangupp]}}"),
        (SchemaKind::Menu, "tasks: {a: {steps: [{say: a, go: b}]}}"),
        (SchemaKind::Menu, "tasks: {a: {steps: [{ask: {name: a, say: b, digits: four}}]}}"),
        (SchemaKind::Menu, "tasks: {a: {steps: [{choose: {name: a, say: b, digits: 1-2, options: {}}}]}}"),
        (SchemaKind::Menu, "tasks: {a: {steps: [{if: x, then: [{steps: 1}]}]}}"),
        (SchemaKind::Menu, "menus: {a: {options: {10: {offer: a, go: b}}}}"),
        (SchemaKind::Menu, "menus: {a: {options: {1: {offer: a}}}}"),
        (SchemaKind::Menu, "menus: {a: {options: {1: {offer: a, go: b, iff: c}}}}"),
        (SchemaKind::Menu, "hours: {a: {open: [mon-fry 08:00-22:00]}}"),
        (SchemaKind::Menu, "defaults: {listen: {first_key: 6}}"),
        (SchemaKind::Menu, "queues: {a: {members: {skills: [b]}, pick: fastest}}"),
        (SchemaKind::Menu, "services: {a: {level: high, results: [ok]}}"),
        (SchemaKind::Menu, "services: {a: {level: none, out: monney, results: [ok]}}"),
        (SchemaKind::Config, "sipp: {}"),
        (SchemaKind::Config, "sip: {listen: 5060}"),
        (SchemaKind::Config, "sip: {transports: [tls9]}"),
        (SchemaKind::Config, "limits: {calls: many}"),
        (SchemaKind::Config, "limits: {calls: 0}"),
        (SchemaKind::Config, "drain: {limit: 2 minutes}"),
        (SchemaKind::Config, "log: {level: loud}"),
        (SchemaKind::Test, "test: []"),
        (SchemaKind::Test, "tests: [{name: a, step: []}]"),
        (SchemaKind::Test, "tests: [{name: a, steps: [{pres: 1}]}]"),
        (SchemaKind::Test, "tests: [{name: a, steps: [{press: 1, wait: 2s}]}]"),
        (SchemaKind::Test, "tests: [{name: a, queue: {operators: asleep}}]"),
        (SchemaKind::Test, "tests: [{name: a, callbacks: maybe}]"),
        (SchemaKind::Test, "tests: [{name: a, steps: [{transfer: works}]}]"),
        (SchemaKind::Test, "tests: [{name: a, steps: [{level: high}]}]"),
        (SchemaKind::Test, "tests: [{name: a, call: {profil: vip}}]"),
    ];
    for (kind, text) in cases {
        assert!(Validator::of(kind).accepts(&yaml(text)).is_err(), "{kind:?} takes {text}");
    }
}

#[test]
fn every_key_of_the_configuration_is_described_with_its_default() {
    fn check(schema: &Json, path: &str) {
        if let Some(properties) = schema["properties"].as_object() {
            for (key, schema) in properties {
                let path = format!("{path}{key}.");
                let words = schema["description"].as_str().unwrap_or_default();
                assert!(words.len() > 8, "{path} has no description");
                check(schema, &path);
            }
        } else {
            assert!(schema.get("default").is_some(), "{path} has no default");
        }
    }
    let schema = schema(SchemaKind::Config);
    check(&schema, "");
    let keys = |value: &Json| value.as_object().map(|keys| keys.keys().cloned().collect::<Vec<_>>());
    let known = serde_json::to_value(crate::app::config::Config::default()).unwrap();
    let mut described = keys(&schema["properties"]).unwrap();
    let mut known = keys(&known).unwrap();
    described.sort();
    known.sort();
    assert_eq!(described, known);
    assert_eq!(schema["properties"]["sip"]["properties"]["public_address"]["examples"], json!(["203.0.113.5"]));
}

#[test]
fn every_key_of_menus_and_tests_is_described_and_has_an_example() {
    fn check(schema: &Json, path: &str) {
        for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            let words = schema["description"].as_str().unwrap_or_default();
            assert!(words.len() > 5, "{path} has no description");
            let deeper = ["properties", "items", "anyOf", "allOf", "additionalProperties"];
            let shown = ["examples", "enum", "const"].iter().chain(&deeper).any(|word| schema.get(word).is_some());
            assert!(shown, "{path} has no example");
        }
        let parts = match schema {
            Json::Object(entries) => entries.iter().map(|(key, part)| (key.clone(), part)).collect(),
            Json::Array(items) => items.iter().map(|part| (String::new(), part)).collect(),
            _ => Vec::new(),
        };
        for (key, part) in parts {
            check(part, &format!("{path}.{key}"));
        }
    }
    check(&schema(SchemaKind::Menu), "menu");
    check(&schema(SchemaKind::Test), "test");
}

/// Editors find a schema by the first line of a file.
#[test]
fn the_schemas_that_the_files_name_are_these() {
    for (kind, name) in [(SchemaKind::Menu, "menu"), (SchemaKind::Test, "test"), (SchemaKind::Config, "config")] {
        let path = format!("{}/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read_to_string(path).unwrap_or_default();
        let fresh = format!("{:#}\n", schema(kind));
        assert!(file == fresh, "write it anew: hotline schema {name} > schema/{name}.schema.json");
    }
    let files = [
        ("../schema/menu", include_str!("../../../menus/hotline.yaml")),
        ("../schema/menu", include_str!("../../../menus/phrases.yaml")),
        ("../schema/menu", include_str!("../../../menus/services.yaml")),
        ("../../schema/test", include_str!("../../../menus/tests/hotline.test.yaml")),
        ("schema/config", include_str!("../../../config.example.yaml")),
    ];
    for (schema, text) in files {
        let modeline = format!("# yaml-language-server: $schema={schema}.schema.json");
        assert_eq!(text.lines().next(), Some(modeline.as_str()));
    }
}
