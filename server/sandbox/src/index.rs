//! The page at `/`: what this is and how to use it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;

use crate::control::Control;
use crate::world::World;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
    code,pre{background:#8882;border-radius:4px;padding:.1em .3em}td,th{text-align:left;padding:.2em 1em .2em 0}";

/// `GET /`.
pub(crate) async fn page(State(world): State<Arc<World>>) -> Html<String> {
    let rows: String = Control::new(world)
        .locations()
        .iter()
        .take(50)
        .map(|location| {
            format!(
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td>{}",
                location.uid,
                location.name.replace('<', "&lt;"),
                location.country,
                location.assets,
                location.assignments
            )
        })
        .collect();
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox</title><style>{STYLE}</style>\
        <h1>Sandbox for Apps and Books</h1>\
        <p>This stands in for Apple's App and Book Management API v2. It is not Apple, and everything in it is made up.\
        The API begins at <code>/mdm/v2/</code>; start with <a href=/mdm/v2/service/config>service/config</a>.\
        <p>A token: <code>curl -X POST localhost:…/control/locations/UID/tokens</code>.\
        Other orders: <code>/control/</code> with <code>locations, organisations, devices, tokens, invitations, products,\
        faults, requests, health</code>; see <code>control/http.rs</code>.\
        <table><thead><tr><th>uId<th>Location<th>Country<th>Assets<th>Assignments<tbody>{rows}</table></html>"
    ))
}
