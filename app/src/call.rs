//! What every server function shares: its error, its way to the contract's services, and redirects that also work for
//! plain forms.

mod protocol;

pub use protocol::Call;
#[cfg(feature = "hydrate")]
pub use protocol::sent;

use crate::json;
use contract::{Code, Fault};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// A [`Fault`] as the error of a server function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Failure(pub Fault);

impl Failure {
    /// The server, or the way to it, is why: the same may well be answered later.
    pub fn is_passing(&self) -> bool {
        self.0.code.status() >= 500
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        #[cfg(feature = "ssr")]
        server::set_status(fault.code.status());
        Self(fault)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Fault::from(code).into()
    }
}

impl FromServerFnError for Failure {
    type Encoder = json::Text;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Code::Offline.into(),
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Serialization(_) => Code::RequestInvalid.into(),
            // On the server it is what was sent that cannot be read, in the browser what came back.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Code::RequestInvalid.into(),
            _ => Code::Internal.into(),
        }
    }
}

#[cfg(feature = "ssr")]
pub use server::{cookie, is_plain_form, leave_to, services, set_cookie};

#[cfg(feature = "ssr")]
mod server {
    use super::{Failure, own_path};
    use contract::{Code, Services};
    use http::{HeaderValue, Method, StatusCode, header, request::Parts};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    /// Everything that the host gives to this request.
    pub fn services() -> Result<Services, Failure> {
        use_context().ok_or_else(|| Code::Internal.into())
    }

    /// A plain form, sent without WebAssembly: its answer is a redirect, so its status must stay one.
    pub fn is_plain_form() -> bool {
        use_context::<Parts>().is_some_and(|request| {
            let accept = request
                .headers
                .get(header::ACCEPT)
                .and_then(|value| value.to_str().ok());
            request.method == Method::POST && accept.is_some_and(|accept| accept.contains("text/html"))
        })
    }

    /// The page's or the call's HTTP status.
    pub fn set_status(status: u16) {
        if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status))
            && !is_plain_form()
        {
            response.set_status(status);
        }
    }

    /// A cookie of this request.
    pub fn cookie(name: &str) -> Option<String> {
        let request = use_context::<Parts>()?;
        let cookies = request.headers.get(header::COOKIE)?.to_str().ok()?.to_owned();
        cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    pub fn set_cookie(name: &str, value: &str) {
        let year = 365 * 24 * 60 * 60;
        let cookie = format!("{name}={value}; Path=/; Max-Age={year}; SameSite=Lax");
        if let (Some(response), Ok(cookie)) =
            (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie))
        {
            response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// After a plain form: shows `path`. With WebAssembly the page itself goes there, see [`crate::browser::leave_to`].
    pub fn leave_to(path: &str) {
        if is_plain_form() {
            // It may have something in it that the form said.
            leptos_axum::redirect(own_path(path));
        }
    }
}

/// What a plain form, sent without WebAssembly to the server function at `path`, was refused for.
pub fn refused(path: &str) -> Option<Fault> {
    let error = leptos::prelude::use_context::<leptos::server::ServerActionError>()?;
    let failure = || leptos::server_fn::error::ServerFnUrlError::<Failure>::decode_err(error.err());
    (error.path() == path).then(|| failure().0)
}

/// `next` if it is a path of this portal, else the first page: never another site.
pub fn own_path(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    if own && next.bytes().all(|byte| byte.is_ascii_graphic()) {
        next
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_paths_of_this_portal_are_followed() {
        assert_eq!(own_path("/tokens?state=expired"), "/tokens?state=expired");
        for other in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(own_path(other), "/", "{other:?}");
        }
    }
}
