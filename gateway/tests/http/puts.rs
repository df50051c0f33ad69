//! Whatever is put can be read and put back, and what is left out cuts no link to the shelf.

use crate::server::{House, Till, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What `GET` shows beside what is put: nothing follows from it.
const READ_ONLY: [&str; 9] =
    ["item_id", "group_id", "tax_id", "daypart_id", "staff_id", "store", "menu_version", "revision", "changed_at"];

/// Every address that takes a `PUT`, with one that says all there is to say. The order is that in which they need each other.
fn full() -> Vec<(&'static str, &'static str, Value)> {
    let approvals = json!({"needed": ["discount", "cancel"], "discount_limit_ppm": 100_000});
    vec![
        (
            "/v1/menu/taxes/{tax}",
            "/v1/menu/taxes/walk",
            json!({"name": "Walking tax", "percent_ppm": 72_500, "inclusive": false, "compound": true}),
        ),
        (
            "/v1/menu/dayparts/{daypart}",
            "/v1/menu/dayparts/walk",
            json!({"name": "Early", "from": "05:00", "to": "09:30", "weekdays": ["monday", "friday"]}),
        ),
        (
            "/v1/menu/modifier-groups/{group}",
            "/v1/menu/modifier-groups/walk",
            json!({
                "name": "Laces", "min": 1, "max": 4, "allow_qty": true, "free": 2,
                "modifiers": [
                    {"modifier_id": "red", "name": "Red", "price": -20, "default": true},
                    {"modifier_id": "blue", "name": "Blue", "price": 30}
                ]
            }),
        ),
        (
            "/v1/menu/items/{item}",
            "/v1/menu/items/walk",
            json!({
                "name": "Boot", "category": "Shoes", "price": 5_000, "modifier_groups": ["walk"], "taxes": ["walk"],
                "sku": "boot", "station": "cellar", "dayparts": ["walk"],
                "dining_mode_taxes": [{"dining_mode": "take_away", "taxes": []}]
            }),
        ),
        ("/v1/menu/items/{item}", "/v1/menu/items/walk_open", json!({"name": "Any boot", "open_price": true})),
        (
            "/v1/menu/items/{item}",
            "/v1/menu/items/walk_sizes",
            json!({
                "name": "Sizes", "sku": "boot", "variations": [
                    {"variation_id": "small", "name": "Small", "price": 100, "sku": "boot_small"},
                    {"variation_id": "large", "name": "Large", "price": 200}
                ]
            }),
        ),
        (
            "/v1/stores/{store}",
            "/v1/stores/walk",
            json!({
                "name": "Walk", "currency": "EUR", "time_zone": "Europe/Madrid", "cut_off": "05:30", "rounding": "half_up",
                "tax_rounding": "group", "payment_timeout_s": 600, "approvals": approvals, "cash_shifts": "required",
                "kitchen": "on", "offline_age_s": 86_400, "seals_texts": true,
                "offline": {"discount_limit_ppm": 100_000, "amount_limit": 50_000, "facts_limit": 200}
            }),
        ),
        ("/v1/staff/{staff}", "/v1/staff/walker", json!({"rights": ["cancel", "comp"], "discount_limit_ppm": 50_000})),
        ("/v1/stores/{store}/prices/{item}", "/v1/stores/walk/prices/walk", json!({"price": 4_900})),
        (
            "/v1/stores/{store}/prices/{item}",
            "/v1/stores/walk/prices/walk_sizes?variation_id=large",
            json!({"price": 190, "variation_id": "large"}),
        ),
        ("/v1/stores/{store}/availability/{item}", "/v1/stores/walk/availability/walk", json!({"available": false})),
    ]
}

/// What a body may say, by the document.
fn fields_of(document: &Value, path: &str) -> Vec<String> {
    let schema = &document["paths"][path]["put"]["requestBody"]["content"]["application/json"]["schema"];
    let name = schema["$ref"].as_str().unwrap_or_else(|| panic!("PUT {path} has a body")).rsplit('/').next().unwrap();
    let properties = document["components"]["schemas"][name]["properties"].as_object().expect("a body has fields");
    properties.keys().filter(|field| !READ_ONLY.contains(&field.as_str())).cloned().collect()
}

/// Whether `shown` has all of `put`; what is shown beside may be more.
fn shows(shown: &Value, put: &Value) -> bool {
    match (shown, put) {
        (Value::Object(shown), Value::Object(put)) => {
            put.iter().all(|(field, put)| shown.get(field).is_some_and(|shown| shows(shown, put)))
        }
        (Value::Array(shown), Value::Array(put)) => {
            shown.len() == put.len() && shown.iter().zip(put).all(|(shown, put)| shows(shown, put))
        }
        (shown, put) => shown == put,
    }
}

#[test]
fn what_get_shows_can_be_put_back() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let document = admin.get("/openapi.json").await.expect(200);
        let is_put = |(path, methods): (&String, &Value)| methods.get("put").map(|_| path.clone());
        let all: Vec<String> = document["paths"].as_object().unwrap().iter().filter_map(is_put).collect();
        let full = full();
        let mut said: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (path, _, body) in &full {
            said.entry(path).or_default().extend(body.as_object().unwrap().keys().cloned());
        }
        // A PIN is known to whoever set it, and shown to nobody.
        for path in all.iter().filter(|path| *path != "/v1/staff/{staff}/pin") {
            assert!(document["paths"][path].get("get").is_some(), "what is put at {path} cannot be read there");
            let said = said.get(path.as_str()).unwrap_or_else(|| panic!("PUT {path} is not walked"));
            let unsaid: Vec<String> =
                fields_of(&document, path).into_iter().filter(|field| !said.contains(field)).collect();
            assert_eq!(unsaid, [""; 0], "PUT {path} takes what this walk does not say");
        }
        for (path, address, body) in &full {
            let target = address.split('?').next().unwrap();
            let put = admin.command("PUT", target, body).await;
            assert!(!put.expect(200)["events"].as_array().unwrap().is_empty(), "{address}");
            // What is shown has the revision of all that came since.
            let mut last = put.position();
            if path.starts_with("/v1/menu/items") {
                let published = admin.post("/v1/menu/publish", &json!({})).await;
                published.expect(200);
                last = published.position();
            }
            let at = |position: &str| match address.contains('?') {
                true => format!("{address}&min_position={position}"),
                false => format!("{address}?min_position={position}"),
            };
            let read = admin.get(&at(&last)).await;
            let shown = read.expect(200);
            assert!(shows(&shown, body), "{address} was put as {body} and is shown as {shown}");
            let etag = read.headers.get("etag").cloned();
            assert!(etag.is_some(), "{address} has no ETag");
            let again = admin.command("PUT", target, &shown).await.expect(200);
            assert_eq!(again["events"], json!([]), "{address} put back as {shown}");
            let after = admin.get(address).await;
            assert_eq!((after.expect(200), after.headers.get("etag").cloned()), (shown, etag), "{address}");
        }
    });
}

/// An item with ten on the shelf, in a store of its own.
async fn ten_of_them(manager: &mut Till) {
    let item = json!({"name": "Crab", "price": 900, "sku": "crab"});
    manager.command("PUT", "/v1/menu/items/crab", &item).await.expect(200);
    manager.post("/v1/menu/publish", &json!({})).await.expect(200);
    let settings = json!({"name": "Pier", "currency": "EUR", "time_zone": "Europe/Berlin"});
    manager.command("PUT", "/v1/stores/pier", &settings).await.expect(200);
    manager.post("/v1/stores/pier/stock/policy", &json!({"sku": "crab", "policy": "counted"})).await.expect(200);
    manager.post("/v1/stores/pier/stock/receive", &json!({"sku": "crab", "qty": 10})).await.expect(200);
}

async fn ordered(till: &mut Till, id: &str, qty: u32) -> crate::server::Reply {
    let lines = json!([{"line_id": "l1", "item_id": "crab", "qty": qty}]);
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
    till.post("/v1/stores/pier/orders", &order).await
}

#[test]
fn a_new_price_does_not_cut_the_link_to_the_shelf() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        ten_of_them(&mut manager).await;
        // As the menu shows the item: it says nothing of the shelf.
        let dearer = json!({"name": "Crab", "price": 1_000});
        let put = manager.command("PUT", "/v1/menu/items/crab", &dearer).await;
        assert_eq!(put.expect(200)["events"][0]["data"]["sku"], "crab");
        manager.post("/v1/menu/publish", &json!({})).await.expect(200);
        assert_eq!(ordered(&mut till, "o1", 11).await.expect(422)["code"], "out_of_stock");
        // A price or a name alone.
        let changed = manager.command("PATCH", "/v1/menu/items/crab", &json!({"price": 1_100})).await;
        let item = changed.expect(200)["events"][0]["data"].clone();
        assert_eq!((&item["price"], &item["name"], &item["sku"]), (&json!(1_100), &json!("Crab"), &json!("crab")));
        let renamed = manager.command("PATCH", "/v1/menu/items/crab", &json!({"name": "Pier crab"})).await;
        let shown = manager.get(&format!("/v1/menu/items/crab?min_position={}", renamed.position())).await.expect(200);
        let told = (&shown["price"], &shown["name"], &shown["sku"]);
        assert_eq!(told, (&json!(1_100), &json!("Pier crab"), &json!("crab")));
        // Whoever means it says so.
        let unlinked = json!({"name": "Crab", "price": 1_000, "sku": null});
        let put = manager.command("PUT", "/v1/menu/items/crab", &unlinked).await;
        assert!(put.expect(200)["events"][0]["data"].get("sku").is_none());
        manager.post("/v1/menu/publish", &json!({})).await.expect(200);
        ordered(&mut till, "o2", 11).await.expect(201);
        let unknown = manager.command("PATCH", "/v1/menu/items/lobster", &json!({"price": 1})).await.expect(404);
        assert_eq!(unknown["code"], "not_in_draft");
        let elsewhere = manager.command("PUT", "/v1/menu/items/lobster", &shown).await.expect(400);
        assert_eq!(elsewhere["pointer"], "/item_id");
        let other = json!({"store": "s1", "name": "Pier", "currency": "EUR", "time_zone": "Europe/Berlin"});
        let elsewhere = manager.command("PUT", "/v1/stores/pier", &other).await.expect(400);
        assert_eq!(elsewhere["pointer"], "/store");
    });
}
