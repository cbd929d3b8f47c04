//! The schema of the configuration, made from `config.example.yaml`: it names every key with its default, and the
//! comment above a key describes it. Only what neither tells stands here.

use super::parts::document;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

const EXAMPLE: &str = include_str!("../../../config.example.yaml");

/// A length of time above zero.
const LENGTH: &str = "^0*[1-9][0-9]*(ms|s|m|h)$";

/// What a key takes, where its default does not tell.
const TAKES: [(&str, &[&str]); 12] = [
    ("sip.callers", &["anyone", "trunks"]),
    ("sip.transports", &["udp", "tcp"]),
    ("sip.tls.client_certificates", &["none", "optional", "required"]),
    ("media.codecs", &["PCMA", "PCMU", "G722", "opus"]),
    ("media.srtp", &["refused", "preferred", "required"]),
    ("media.tones", &["ru", "eu", "de", "fr", "uk", "us", "recorded"]),
    ("operators.srtp", &["refused", "preferred", "required"]),
    ("bank.kind", &["sandbox"]),
    ("menu.apply", &["manual", "watch"]),
    ("log.level", &["error", "warn", "info", "debug", "trace"]),
    ("log.format", &["text", "json"]),
    ("http.listen", &[]),
];

/// Keys that may be null though their default is something.
const NULLABLE: [&str; 3] = ["http.listen", "default_line", "media.music_lowered"];

/// Numbers that may be zero.
const FROM_ZERO: [&str; 5] = ["media.threads", "media.dscp", "media.music_lowered", "recording.days", "records.days"];

pub(super) fn schema() -> Json {
    let defaults: Json = serde_yaml::from_str(EXAMPLE).unwrap_or(Json::Null);
    let comments = comments(EXAMPLE);
    let body = of(&defaults, "", &comments);
    document("Configuration of hotline", "Every key has a default; none must be written.", body, Vec::new())
}

/// The schema of one entry of the tables that the example leaves empty.
fn entry(path: &str) -> Option<Json> {
    let text = |words: &str, example: &str| json!({"type": "string", "minLength": 1, "description": words, "examples": [example]});
    match path {
        "trunks" => Some(json!({
            "type": "object",
            "properties": {
                "address": text("Where its calls are sent: IP address and port, or a name.", "203.0.113.20:5060"),
                "transport": {"enum": ["udp", "tcp", "tls"], "description": "How; udp when left out, or what name servers say."},
                "domain": text("The host of its addresses; its IP address when left out.", "provider.example"),
                "user": text("Our account there.", "bank"),
                "password_env": text("The environment variable with the password.", "TRUNK_PASSWORD"),
                "password_file": text("The file whose first line is the password.", "/etc/hotline/trunk.password"),
                "caller_id": text("The number that those we call see.", "+74951234567"),
                "register": length("How long we ask to be registered with that account; left out, we are not.", "10m"),
                "from": {
                    "type": "array", "items": {"type": "string"}, "examples": [["203.0.113.0/28"]],
                    "description": "Addresses and networks that its calls come from; its address when left out.",
                },
                "inbound": inbound(),
                "numbers": {
                    "type": "object", "additionalProperties": {"type": "string"},
                    "description": "The numbers that it delivers, each with its line; * at the end for all that begin so.",
                    "examples": [{"+74951234567": "main", "+749576*": "premium"}],
                },
                "codecs": {"type": "array", "items": {"enum": ["PCMA", "PCMU", "G722", "opus"]}, "minItems": 1},
                "srtp": {"enum": ["refused", "preferred", "required"]},
                "calls": {"type": "integer", "minimum": 1, "description": "Its calls at once, in both directions."},
                "ping": {"anyOf": [
                    {"type": "null"},
                    length("How often it is asked whether it is there; null for never.", "30s"),
                ], "default": "60s"},
                "ring": length("How long those we call through it are rung.", "45s"),
                "early_media": {
                    "type": "boolean", "default": true,
                    "description": "Whether callers who are handed on hear what is said before the answer.",
                },
            },
            "required": ["address"],
            "additionalProperties": false,
        })),
        "transfers" => Some(json!({
            "type": "object",
            "properties": {
                "trunk": {"anyOf": [
                    text("The trunk it is reached through.", "provider"),
                    {"type": "array", "items": {"type": "string"}, "minItems": 1},
                ], "description": "The trunk it is reached through, or several in order."},
                "number": text("Its number.", "+74950000001"),
                "uri": text("Its SIP address, instead of trunk and number.", "sip:desk@192.0.2.20"),
                "ring": length("How long it is rung.", "45s"),
                "srtp": {"enum": ["refused", "preferred", "required"], "description": "Of a uri alone."},
                "early_media": {
                    "type": "boolean", "default": true,
                    "description": "Of a uri alone: whether callers hear what is said before the answer.",
                },
            },
            "oneOf": [{"required": ["trunk", "number"]}, {"required": ["uri"]}],
            "additionalProperties": false,
        })),
        _ => None,
    }
}

fn length(words: &str, example: &str) -> Json {
    json!({"type": "string", "pattern": LENGTH, "description": words, "examples": [example]})
}

/// How a trunk proves who it is.
fn inbound() -> Json {
    let text = |words: &str| json!({"type": "string", "minLength": 1, "description": words});
    json!({
        "type": "object",
        "properties": {
            "user": text("Its user name."),
            "password_env": text("The environment variable with its password."),
            "password_file": text("The file whose first line is its password."),
        },
        "required": ["user"],
        "additionalProperties": false,
        "description": "The account by which it proves who it is when it calls.",
    })
}

/// The schema of a value that stands at a path in the example.
fn of(value: &Json, path: &str, comments: &BTreeMap<String, String>) -> Json {
    let comment = comments.get(path).map(String::as_str).unwrap_or_default();
    let mut schema = match value {
        Json::Object(_) if entry(path).is_some() => {
            json!({"type": "object", "additionalProperties": entry(path), "default": {}})
        }
        Json::Object(entries) => {
            let properties: Map<String, Json> = entries
                .iter()
                .map(|(key, value)| {
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    (key.clone(), of(value, &below, comments))
                })
                .collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
        Json::Array(items) => {
            let item = items.first().map_or(json!({"type": "string"}), |item| scalar(item, path, comment));
            json!({"type": "array", "items": item})
        }
        plain => scalar(plain, path, comment),
    };
    if path == "callbacks.via" {
        schema = json!({"anyOf": [schema, {"type": "array", "items": {"type": "string"}}]});
    }
    if NULLABLE.contains(&path) || value.is_null() {
        schema = json!({"anyOf": [{"type": "null"}, schema]});
    }
    let default = comment.find("Default: ");
    let example = comment.find("Example: ").map(|at| &comment[at + "Example: ".len()..]);
    // After an example may stand when it is wanted.
    let example = example.map(|text| [", where", ", longer"].into_iter().fold(text, |text, word| before(text, word)));
    if !comment.is_empty() {
        schema["description"] = json!(comment);
    }
    if default.is_some() && !value.is_object() {
        schema["default"] = value.clone();
    }
    if let Some(example) = example.and_then(|example| serde_yaml::from_str::<Json>(example).ok())
        && !example.is_object()
    {
        schema["examples"] = json!([example]);
    }
    schema
}

fn before<'t>(text: &'t str, word: &str) -> &'t str {
    text.split_once(word).map_or(text, |(before, _)| before)
}

fn scalar(value: &Json, path: &str, comment: &str) -> Json {
    let words = TAKES.iter().find(|(key, _)| *key == path).map(|(_, words)| *words).unwrap_or_default();
    if !words.is_empty() {
        return json!({"enum": words});
    }
    match value {
        Json::Bool(_) => json!({"type": "boolean"}),
        Json::Number(_) => json!({"type": "integer", "minimum": u8::from(!FROM_ZERO.contains(&path))}),
        Json::String(_) if comment.contains("A length of time.") => json!({"type": "string", "pattern": LENGTH}),
        Json::String(_) | Json::Null | Json::Array(_) | Json::Object(_) => json!({"type": "string"}),
    }
}

/// The comment above each key, by the key's path.
fn comments(text: &str) -> BTreeMap<String, String> {
    let (mut comments, mut path, mut above) = (BTreeMap::new(), Vec::<String>::new(), Vec::<&str>::new());
    for line in text.lines() {
        let bare = line.trim_start();
        if let Some(words) = bare.strip_prefix('#') {
            above.push(words.trim());
        } else if let Some((key, _)) = bare.split_once(':') {
            path.truncate((line.len() - bare.len()) / 2);
            path.push(key.to_owned());
            comments.insert(path.join("."), above.join(" "));
            above.clear();
        } else {
            above.clear();
        }
    }
    comments
}
