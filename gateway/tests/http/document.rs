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
    /// The schema of its body, where it has one.
    pub body: Option<Value>,
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
    fn optional(&self, schema: &Value) -> Vec<String> {
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
    pub fn sample(&self, name: &str, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            let choice = choices.iter().find(|choice| choice["type"] != "null").expect("a choice that is a value");
            return self.sample(name, choice);
        }
        assert!(schema.get("allOf").is_none(), "{name} has a schema of parts, which are not put together here");
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
        match kind {
            "string" => example(name, schema).into(),
            "integer" | "number" => {
                let least = schema["minimum"].as_i64().unwrap_or(1).max(1);
                schema["examples"].get(0).cloned().unwrap_or(least.into())
            }
            "boolean" => true.into(),
            "array" => vec![self.sample(name, &schema["items"])].into(),
            "object" => {
                let (mut object, optional) = (Map::new(), self.optional(schema));
                for (field, of) in schema["properties"].as_object().into_iter().flatten() {
                    if !optional.contains(field) {
                        object.insert(field.clone(), self.sample(field, of));
                    }
                }
                object.into()
            }
            other => panic!("{name} is of a type that is not made here: {other}"),
        }
    }
}

/// What a schema gives as an example of a text, or something short that fits what it asks for.
fn example(name: &str, schema: &Value) -> String {
    let given = schema["examples"][0].as_str().or(schema["example"].as_str());
    match (given, name) {
        (Some(text), _) => text.to_owned(),
        (None, "pin") => "280641".to_owned(),
        (None, _) => "x".to_owned(),
    }
}
