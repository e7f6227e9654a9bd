//! The page at `/`: what this is and how to use it, with examples that work as they stand.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Html;

use crate::api::origin;
use crate::control::{Control, LocationSummary, Route, table};
use crate::faults::Faults;
use crate::storefront::escape;
use crate::world::World;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}\
    code,pre{background:#8882;border-radius:4px;padding:.1em .3em}pre{white-space:pre-wrap;word-break:break-all}\
    td,th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}";

/// Locations that the page lists.
const SHOWN: usize = 50;

/// `GET /`.
pub(crate) async fn page(State(world): State<Arc<World>>, request: Request) -> Html<String> {
    let (parts, _) = request.into_parts();
    let origin = escape(&origin(&parts));
    let control = Control::new(world);
    let locations = control.locations();
    let rows: String = locations.iter().take(SHOWN).map(location_row).collect();
    let names = Names::of(&control, &locations);
    let orders: String = table()
        .iter()
        .map(|route| order_row(route, &origin, &names))
        .collect();
    let faults = serde_json::to_string_pretty(&Faults::default()).unwrap_or_default();
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox</title><style>{STYLE}</style>\
        <h1>Sandbox for Apps and Books</h1>\
        <p>This stands in for Apple's App and Book Management API v2. It is not Apple, and everything in it is made up. \
        The API begins at <code>{origin}/mdm/v2/</code>; start with <a href=/mdm/v2/service/config>service/config</a>, \
        which lists the other addresses and needs no token. All others need a token: take one with the order \
        <code>POST /control/locations/{{uid}}/tokens</code> below, and send it as \
        <code>Authorization: Bearer TOKEN</code>. Notification addresses on this machine may begin with \
        <code>http://</code>. \
        <h2>Locations</h2>\
        <table><thead><tr><th>uId<th>Location<th>Country<th>Assets<th>Assignments<tbody>{rows}</table>\
        <h2>Orders</h2>\
        <p>What a test or a demo does to it from outside, for this machine alone. \
        <table><thead><tr><th>Order<th>What it does<th>Example<tbody>{orders}</table>\
        <h2>Faults</h2>\
        <p>The switches of <code>/control/faults</code> with their defaults. <code>random.kinds</code> chooses what befalls a \
        share of <code>random.rate</code> of all requests; <code>random.retry_after</code> is sent with every 500 and 503 that \
        comes by order. <code>faults_at_service_config</code> lets them befall service/config, too, and \
        <code>faults_at_metadata_lookup</code> the store's look-ups, which then answer with a status alone: those of the \
        location whose token comes as the cookie, else those of <code>/control/faults</code>. <code>latency_ms</code> delays \
        look-ups in any case. \
        <code>asset_errors</code> and <code>asset_event_errors</code> are objects of <code>adamId</code> and error number, \
        replaced whole when they are set: the first refuses whoever asks for that asset alone (GET assets?adamId=, and the \
        store with 500), the second fails whatever an accepted event does with that asset, whoever it is for. \
        <code>maxRequestPerSecond</code> is announced as 15 and not enforced: <code>pace_limit</code> enforces a pace, \
        <code>announced_pace</code> announces another, or none with 0. \
        <code>unknown_user</code> and <code>unowned_asset</code> are <code>sync</code> or <code>async</code> \
        (an unowned asset then fails with 9709 where it is associated, else with 9602), \
        <code>repeated</code> is <code>no_op</code>, <code>error</code> or <code>refused</code>, <code>page_write</code> is <code>none</code>, \
        <code>version</code> or <code>assignment</code>, <code>failure_grouping</code> is <code>per_asset</code> or \
        <code>per_error</code>, and <code>token_expiration</code> is <code>always</code> or <code>within_15_days</code>. \
        With <code>managed_account_filter</code>, <code>managedAppleId</code> narrows the users asked for. \
        With <code>client_config_replaces</code>, what a POST to client/config leaves out is forgotten; without \
        <code>read_only_claims</code> a token that may only read cannot POST there. \
        <pre>{}</pre></html>",
        escape(&faults)
    ))
}

fn location_row(location: &LocationSummary) -> String {
    format!(
        "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td>{}",
        escape(&location.uid),
        escape(&location.name),
        escape(&location.country),
        location.assets,
        location.assignments
    )
}

/// What stands in the examples for what differs from sandbox to sandbox.
struct Names {
    uid: String,
    other: String,
    adam_id: String,
}

impl Names {
    fn of(control: &Control, locations: &[LocationSummary]) -> Self {
        let uid = locations.first().map(|location| location.uid.clone());
        let other = locations.get(1).map(|location| location.uid.clone());
        let assets = uid.as_deref().and_then(|uid| control.assets(uid).ok());
        let asset = assets.and_then(|assets| {
            let plain = assets
                .iter()
                .find(|asset| asset.device_assignable && !asset.unlimited && asset.available_count > 0);
            plain.map(|asset| asset.adam_id.to_string())
        });
        let uid = uid.unwrap_or_else(|| "UID".to_owned());
        Self {
            other: other.unwrap_or_else(|| uid.clone()),
            adam_id: asset.unwrap_or_else(|| "ADAMID".to_owned()),
            uid,
        }
    }

    fn put_into(&self, text: &str) -> String {
        text.replace("{uid}", &self.uid)
            .replace("{adamId}", &self.adam_id)
            .replace("{code}", "CODE")
            .replace("OTHER", &self.other)
            .replace("ADAMID", &self.adam_id)
    }
}

fn order_row(route: &Route, origin: &str, names: &Names) -> String {
    let body = match route.example {
        "" => String::new(),
        example => format!(" --json '{}'", escape(&names.put_into(example))),
    };
    format!(
        "<tr><td><code>{method} /control{path}</code><td>{about}<td>\
         <pre>curl -X {method} '{origin}/control{place}{query}'{body}</pre>",
        method = route.method,
        path = escape(route.path),
        about = escape(route.about),
        place = escape(&names.put_into(route.path)),
        query = escape(route.query),
    )
}
