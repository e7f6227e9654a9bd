//! Generated icons: a gradient, a soft shape, and a symbol of the genre or the initial. SVG whatever format the URL names:
//! its media type tells, and every browser shows it.

mod look;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::escape;
use crate::catalogue::Product;
use crate::random::mix;
use crate::wire::ProductType;
use crate::world::World;

/// `GET /icons/{adamId}/{w}x{h}bb.{f}`.
pub(crate) async fn icon(
    State(world): State<Arc<World>>,
    Path((adam_id, file)): Path<(String, String)>,
) -> Response {
    let product = world.catalogue.read().get(&adam_id);
    let Some((product, size)) = product.zip(size(&file)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, svg(&product, size)).into_response()
}

/// Width and height that the file's name asks for.
fn size(file: &str) -> Option<(u16, u16)> {
    let (size, format) = file.split_once("bb.")?;
    let (width, height) = size.split_once('x')?;
    let is_format = !format.is_empty() && format.bytes().all(|letter| letter.is_ascii_alphanumeric());
    is_format.then_some((pixels(width)?, pixels(height)?))
}

fn pixels(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|pixels| digits && *pixels > 0)
}

fn svg(product: &Product, (width, height): (u16, u16)) -> String {
    let roll = product
        .adam_id
        .bytes()
        .fold(11, |hash, byte| mix(hash, u64::from(byte)));
    let (light, dark) = look::colours(roll);
    let (across, x, radius) = match product.kind {
        ProductType::App => (512, 0, 114),
        // A book is upright.
        ProductType::Book => (384, 64, 20),
    };
    let shape = look::shape(roll >> 32);
    let symbol = look::symbol(product, roll >> 40).map_or_else(|| initial(&product.name), str::to_owned);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" width="{width}" height="{height}"><defs><linearGradient id="g" x1="0" y1="0" x2=".6" y2="1"><stop stop-color="{light}"/><stop offset="1" stop-color="{dark}"/></linearGradient><clipPath id="c"><rect x="{x}" width="{across}" height="512" rx="{radius}"/></clipPath></defs><g clip-path="url(#c)"><rect width="512" height="512" fill="url(#g)"/>{shape}</g><g fill="white" stroke="white" stroke-width="0" stroke-linecap="round" stroke-linejoin="round">{symbol}</g></svg>"#
    )
}

fn initial(name: &str) -> String {
    let letter = escape(&name.chars().next().unwrap_or('A').to_uppercase().to_string());
    format!(
        r#"<text x="256" y="352" text-anchor="middle" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="270" font-weight="600">{letter}</text>"#
    )
}
