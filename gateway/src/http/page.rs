//! The OpenAPI document as a page to read: made once at the start, without a script, and with nothing from elsewhere.

use serde_json::Value;
use std::fmt::Write;

/// What the page may do in a browser: look like something.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{font-size:.95em}\
    h3{margin-bottom:.2rem}table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}.note{color:#555}";

/// The page of a document.
pub fn page(document: &Value) -> String {
    let mut page = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>");
    let title = text(&document["info"]["title"]);
    let _ = write!(page, "{title}</title><style>{STYLE}</style><h1>{title}</h1>");
    paragraph(&mut page, &document["info"]["description"]);
    page.push_str(
        "<p>For programs: <a href=\"/openapi.json\">/openapi.json</a>, which also has the form of every body.</p>",
    );
    let mut tags: Vec<(&str, &str, &str, &Value)> = vec![];
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            tags.push((tag, path, method, operation));
        }
    }
    tags.sort_by_key(|(tag, path, method, _)| (*tag, *path, *method));
    let mut last = "";
    for (tag, path, method, operation) in tags {
        if tag != std::mem::replace(&mut last, tag) {
            let _ = write!(page, "<h2>{}</h2>", escaped(tag));
        }
        let _ = write!(page, "<h3><code>{} {}</code></h3>", method.to_uppercase(), escaped(path));
        paragraph(&mut page, &operation["summary"]);
        paragraph(&mut page, &operation["description"]);
        page.push_str("<table>");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let need = if parameter["required"] == true { "" } else { ", may be left out" };
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            row(&mut page, &name, &format!("{place}{need}"), &text(&parameter["description"]));
        }
        if let Some(body) = operation["requestBody"]["content"].as_object() {
            for (kind, content) in body {
                row(&mut page, "body", &escaped(kind), &escaped(named(&content["schema"])));
            }
        }
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            let forms = answer["content"].as_object().into_iter().flatten();
            let forms: Vec<String> = forms.map(|(_, content)| escaped(named(&content["schema"]))).collect();
            row(&mut page, &escaped(status), &forms.join(" or "), &text(&answer["description"]));
        }
        page.push_str("</table>");
    }
    page.push_str("</html>");
    page
}

/// What a form is called, where it has a name.
fn named(schema: &Value) -> &str {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default()
}

fn row(page: &mut String, name: &str, what: &str, note: &str) {
    let _ = write!(page, "<tr><td><code>{name}</code><td>{what}<td class=\"note\">{note}");
}

fn paragraph(page: &mut String, said: &Value) {
    if said.is_string() {
        let _ = write!(page, "<p>{}</p>", text(said));
    }
}

fn text(said: &Value) -> String {
    escaped(said.as_str().unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_said_stays_text() {
        let operation =
            json!({"tags": ["a<b"], "summary": "<script>", "responses": {"200": {"description": "\"fine\" & good"}}});
        let page = page(&json!({"info": {"title": "t"}, "paths": {"/v1/{x}": {"get": operation}}}));
        for shown in ["<h2>a&lt;b</h2>", "GET /v1/{x}", "&lt;script&gt;", "&quot;fine&quot; &amp; good"] {
            assert!(page.contains(shown), "{page}");
        }
        assert!(!page.contains("<script>"));
    }
}
