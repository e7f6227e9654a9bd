//! Files that are looked at before anything is stored: the token file (T2), and devices or people as CSV (D3).

use super::{Web, csp, problem, sessions::Signed};
use app::{import::CsvUpload, shell};
use axum::{
    Extension, Json,
    body::Body,
    extract::{FromRequest, Multipart, Query, Request, State, multipart::MultipartError},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contract::{Code, Fault, TokenId, tokens::Tokens};
use leptos::prelude::provide_context;
use leptos_axum::render_app_async_with_context;
use serde::Deserialize;

/// The token that the file is to renew, if any.
#[derive(Deserialize)]
pub struct Renewed {
    renew: Option<TokenId>,
}

/// The body is the file's text.
pub async fn check_token(
    Extension(signed): Extension<Signed>,
    Query(Renewed { renew }): Query<Renewed>,
    body: axum::body::Bytes,
) -> Response {
    let check = async {
        let services = signed.services();
        let caller = services.caller()?;
        let text = std::str::from_utf8(&body).map_err(|_| Fault::new(Code::TokenFileNotBase64))?;
        match &renew {
            None => Tokens::check(&*services.tokens, caller, text).await,
            Some(id) => Tokens::check_renewal(&*services.tokens, caller, id, text).await,
        }
    };
    match check.await {
        Ok(check) => Json(check).into_response(),
        Err(fault) => {
            let status =
                StatusCode::from_u16(fault.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(fault)).into_response()
        }
    }
}

/// `/devices/import` or `/people/import` as a plain form sends it, without WebAssembly: answered by the page, which shows the preview.
pub async fn csv(State(web): State<Web>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let page = Request::from_parts(parts.clone(), Body::empty());
    let sent = match Multipart::from_request(Request::from_parts(parts, body), &web).await {
        Ok(form) => csv_sent(form).await,
        Err(_) => Err(Code::RequestInvalid.into()),
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(fault) => return problem::respond(page.headers(), &fault),
    };
    let options = web.leptos.clone();
    let context = move || {
        csp::provide();
        provide_context(sent.clone());
    };
    render_app_async_with_context(context, move || shell(options.clone()))(page).await
}

/// The file, or what was pasted if there is none.
async fn csv_sent(mut form: Multipart) -> Result<CsvUpload, Fault> {
    let (mut file, mut pasted, mut back) = (String::new(), String::new(), false);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => file = decoded(&field.bytes().await.map_err(broken)?),
            Some("text") => pasted = field.text().await.map_err(broken)?,
            Some("back") => back = true,
            _ => {}
        }
    }
    let is_pasted = file.is_empty();
    Ok(CsvUpload {
        text: if is_pasted { pasted } else { file },
        pasted: is_pasted,
        back,
    })
}

/// A file's text: as its mark says (Excel's "Unicode text" is UTF-16), or UTF-8, or what spreadsheets on Windows write
/// instead. `app/src/import/form.rs` reads it in the same way.
fn decoded(file: &[u8]) -> String {
    if let Some((marked, _)) = encoding_rs::Encoding::for_bom(file) {
        return marked.decode(file).0.into_owned();
    }
    match std::str::from_utf8(file) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(file).0.into_owned(),
    }
}

fn broken(error: MultipartError) -> Fault {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge.into(),
        _ => Code::RequestInvalid.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_mark_says_what_a_file_is_written_in_and_without_one_utf_8_is_tried() {
        let rows: [(&[u8], &str); 5] = [
            (b"\xef\xbb\xbfna\xc3\xafef \xff", "naïef \u{fffd}"),
            (b"\xff\xfen\0\xe5\0", "nå"),
            (b"\xfe\xff\0n\0\xe5", "nå"),
            (b"n\xc3\xa5", "nå"),
            (b"n\xe5", "nå"),
        ];
        for (file, text) in rows {
            assert_eq!(decoded(file), text);
        }
    }
}
