//! Pieces of which schemas are made.

use serde_json::{Map, Value as Json, json};

/// An object with exactly these keys.
pub(super) fn object(description: &str, keys: Vec<(&str, Json)>, required: &[&str]) -> Json {
    let properties: Map<String, Json> = keys.into_iter().map(|(key, schema)| (key.to_owned(), schema)).collect();
    let mut schema = json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// One word or text. YAML reads `0123` and `5` as numbers; the server reads them as text.
pub(super) fn text(description: &str, example: &str) -> Json {
    json!({"type": ["string", "number"], "description": description, "examples": [example]})
}

/// A text of a written form.
pub(super) fn form(description: &str, pattern: &str, example: &str) -> Json {
    json!({"type": "string", "pattern": pattern, "description": description, "examples": [example]})
}

/// A whole number.
pub(super) fn number(description: &str, least: u32, example: u32) -> Json {
    json!({"type": "integer", "minimum": least, "description": description, "examples": [example]})
}

/// `true` or `false`.
pub(super) fn flag(description: &str) -> Json {
    json!({"type": "boolean", "description": description, "examples": [true]})
}

/// One of a few words.
pub(super) fn word(description: &str, words: &[&str]) -> Json {
    json!({"enum": words, "description": description, "examples": words.get(..1).unwrap_or_default()})
}

/// A piece kept under `definitions`, with a description of its use here.
pub(super) fn named(name: &str, description: &str) -> Json {
    // Draft 7 ignores what stands beside `$ref`, hence the `allOf`.
    json!({"allOf": [{"$ref": format!("#/definitions/{name}")}], "description": description})
}

/// A list; a single item may stand without brackets.
pub(super) fn list(description: &str, item: &Json) -> Json {
    json!({"description": description, "anyOf": [{"type": "array", "items": item}, item]})
}

/// A list with brackets or dashes.
pub(super) fn array(description: &str, item: &Json) -> Json {
    json!({"type": "array", "items": item, "description": description})
}

/// Names, each with its content.
pub(super) fn names(description: &str, content: &Json) -> Json {
    json!({
        "type": ["object", "null"],
        "description": description,
        "propertyNames": {"pattern": "^[^\\s:{}\\[\\],&*#?|<>=!%@`\"'/]+$"},
        "additionalProperties": content,
    })
}

/// Keys of a telephone, each with its content.
pub(super) fn keys(description: &str, content: &Json) -> Json {
    json!({
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": "^([0-9]|star|hash)$"},
        "additionalProperties": content,
    })
}

/// A length of time with its unit.
pub(super) fn length(description: &str, example: &str) -> Json {
    form(description, "^([0-9]+[smhd])+$", example)
}

/// The frame of a schema.
pub(super) fn document(title: &str, description: &str, mut body: Json, definitions: Vec<(&str, Json)>) -> Json {
    body["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    body["title"] = json!(title);
    body["description"] = json!(description);
    if !definitions.is_empty() {
        let definitions: Map<String, Json> =
            definitions.into_iter().map(|(name, part)| (name.to_owned(), part)).collect();
        body["definitions"] = Json::Object(definitions);
    }
    body
}
