//! What `/openapi.json` says of the operations, for tests that may leave none out.

use crate::server::Till;
use serde_json::{Map, Value, json};

/// The document that a server shows.
pub struct Document(Value);

/// An operation of it.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    pub path: String,
    /// Whether it asks for no credential.
    pub is_public: bool,
    pub parameters: Vec<Value>,
    /// The schema of its body, where it has one.
    pub body: Option<Value>,
}

/// What stands in a string, by the name of the field and what the schema says of it.
pub type Texts<'a> = dyn FnMut(&str, &Value) -> String + 'a;

/// How much of a body there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent<'a> {
    /// What has to be there.
    Required,
    /// That, and the field of this name.
    With(&'a str),
    /// All that there may be.
    Whole,
}

impl Operation {
    /// Such as `GET /v1/stores/{store}`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The address, with what `named` says in the place of each parameter.
    pub fn address(&self, named: impl Fn(&str) -> String) -> String {
        let parts =
            self.path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(parameter) => named(parameter),
                None => part.to_owned(),
            });
        parts.collect::<Vec<_>>().join("/")
    }
}

impl Document {
    pub async fn of(client: &mut Till) -> Document {
        Document(client.get("/openapi.json").await.expect(200))
    }

    pub fn operations(&self) -> Vec<Operation> {
        let mut found = vec![];
        for (path, methods) in self.0["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let content = operation["requestBody"]["content"].as_object();
                found.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    is_public: operation["security"] == json!([{}]),
                    parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
                    body: content.and_then(|content| content.values().next()).map(|content| content["schema"].clone()),
                });
            }
        }
        found
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
            Some(pointer) => self.resolved(self.0.pointer(pointer).expect("what is referred to is there")),
            None => schema,
        }
    }

    /// The names of an object's fields that need not be there.
    pub fn optional(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolved(schema);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let names = schema["properties"].as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
        names.unwrap_or_default().into_iter().filter(|name| !required.contains(&json!(name))).collect()
    }

    /// The example that a schema gives of itself.
    pub fn given(&self, schema: &Value) -> Option<Value> {
        self.resolved(schema).get("example").cloned()
    }

    /// A value of a schema, with what has to be there and nothing else.
    pub fn sample(&self, schema: &Value) -> Value {
        self.filled(schema, Extent::Required, &mut |name, schema| example(name, schema))
    }

    /// A value of a schema. `text` says what stands in each string, by the name of the field and what the schema says of it.
    pub fn filled(&self, schema: &Value, extent: Extent<'_>, text: &mut Texts<'_>) -> Value {
        self.value("", schema, extent, text)
    }

    fn value(&self, name: &str, schema: &Value, extent: Extent<'_>, text: &mut Texts<'_>) -> Value {
        let schema = self.resolved(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            let choice = choices.iter().find(|choice| choice["type"] != "null").expect("a choice that is a value");
            return self.value(name, choice, extent, text);
        }
        assert!(schema.get("allOf").is_none(), "{name} has a schema of parts, which are not put together here");
        let inner = if extent == Extent::Whole { Extent::Whole } else { Extent::Required };
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
        match kind {
            "string" => text(name, schema).into(),
            "integer" | "number" => {
                let least = schema["minimum"].as_i64().unwrap_or(1).max(1);
                schema["examples"].get(0).cloned().unwrap_or(least.into())
            }
            "boolean" => true.into(),
            "array" => vec![self.value(name, &schema["items"], inner, text)].into(),
            "object" => {
                let (mut object, optional) = (Map::new(), self.optional(schema));
                for (field, of) in schema["properties"].as_object().into_iter().flatten() {
                    let is_sent = !optional.contains(field) || extent == Extent::Whole || extent == Extent::With(field);
                    if is_sent {
                        object.insert(field.clone(), self.value(field, of, inner, text));
                    }
                }
                object.into()
            }
            other => panic!("{name} is of a type that is not made here: {other}"),
        }
    }
}

/// What a schema gives as an example of a text, or something short that fits what it asks for.
pub fn example(name: &str, schema: &Value) -> String {
    let given = schema["enum"][0].as_str().or(schema["examples"][0].as_str()).or(schema["example"].as_str());
    match (given, name) {
        (Some(text), _) => text.to_owned(),
        (None, "pin") => "280641".to_owned(),
        (None, _) => "x".to_owned(),
    }
}
