//! How the browser calls a server function. Leptos's own way is compiled, and loaded, anew for each of them; here only
//! what is sent and what comes back is.

use super::Failure;
use crate::json::{self, Json};
use contract::Code;
use futures::FutureExt;
use http::Method;
use leptos::server_fn::{
    ContentType, Http, Protocol,
    client::Client,
    codec::{Encoding, FromReq, IntoReq, PostUrl},
    redirect::call_redirect_hook,
    response::ClientRes,
    server::Server,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{marker::PhantomData, pin::Pin};

/// The protocol of server functions that answer [`Json`] and take fields of a form, or what `In` encodes.
pub struct Call<In = PostUrl>(PhantomData<In>);

impl<In, Input, Output, C, S> Protocol<Input, Output, C, S, Failure> for Call<In>
where
    In: Encoding,
    Input: IntoReq<In, C::Request, Failure> + FromReq<In, S::Request, Failure> + Send,
    Output: Serialize + DeserializeOwned + Send,
    C: Client<Failure>,
    S: Server<Failure>,
{
    const METHOD: Method = In::METHOD;

    fn run_server<F, Fut>(
        request: S::Request,
        server_fn: F,
    ) -> impl Future<Output = Result<S::Response, Failure>> + Send
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, Failure>> + Send,
    {
        <Http<In, Json> as Protocol<Input, Output, C, S, Failure>>::run_server(request, server_fn)
    }

    fn run_client(path: &str, input: Input) -> impl Future<Output = Result<Output, Failure>> + Send {
        let request = input.into_req(path, Json::CONTENT_TYPE);
        sent::<C>(request).map(|answer| json::read(&answer?).map_err(|_| Code::Internal.into()))
    }
}

/// The text of the answer, after going where the server leads.
pub fn sent<C: Client<Failure>>(
    request: Result<C::Request, Failure>,
) -> Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>> {
    Box::pin(async move {
        let response = C::send(request?).await?;
        let (status, location) = (response.status(), response.location());
        let leads = response.has_redirect();
        let text = response.try_into_string().await?;
        if status >= 400 {
            return Err(json::read(&text).unwrap_or_else(|_| Code::Internal.into()));
        }
        if leads || status >= 300 {
            call_redirect_hook(&location);
        }
        Ok(text)
    })
}
