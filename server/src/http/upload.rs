//! The token file, checked as soon as it is chosen (T2): nothing is stored.

use super::sessions::Signed;
use axum::{
    Extension, Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contract::{Code, Fault, tokens::Tokens};

/// The body is the file's text.
pub async fn check_token(Extension(signed): Extension<Signed>, body: axum::body::Bytes) -> Response {
    let check = async {
        let services = signed.services();
        let text = std::str::from_utf8(&body).map_err(|_| Fault::new(Code::TokenFileNotBase64))?;
        Tokens::check(&*services.tokens, services.caller()?, text).await
    };
    match check.await {
        Ok(check) => Json(check).into_response(),
        Err(fault) => {
            let status = StatusCode::from_u16(fault.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(fault)).into_response()
        }
    }
}
