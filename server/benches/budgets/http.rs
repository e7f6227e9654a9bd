//! A keep-alive connection as lean as can be: the load must cost the server's processors as little as possible.

use crate::{
    Outcome,
    place::{EMAIL, PASSWORD},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use std::{future::poll_fn, pin::Pin};
use tokio::net::TcpStream;

pub struct Connection {
    sender: SendRequest<Body>,
    address: String,
    cookie: Option<String>,
}

impl Connection {
    /// To `address`, a host with its port.
    pub async fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            address: address.to_owned(),
            cookie: None,
        })
    }

    /// Another one with the same cookie.
    pub async fn another(&self) -> Outcome<Self> {
        Ok(Self {
            cookie: self.cookie.clone(),
            ..Self::open(&self.address).await?
        })
    }

    /// Signs the owner in, as the form does.
    pub async fn sign_in(&mut self) -> Outcome<()> {
        let form = format!("email={}&password={PASSWORD}", EMAIL.replace('@', "%40"));
        let request = self
            .request(Method::POST, "/api/session/sign-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        let answer = self.sender.send_request(request.body(form.into())?).await?;
        let cookies = answer
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let pairs: Vec<_> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        if pairs.is_empty() || !answer.status().is_success() {
            return Err(format!("signing in was answered with {}", answer.status()).into());
        }
        self.cookie = Some(pairs.join("; "));
        read(answer.into_body(), |_| {}).await
    }

    /// The body of a page, which must be there.
    pub async fn get(&mut self, path: &str) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        self.send(Method::GET, path, |part| bytes.extend_from_slice(part))
            .await?;
        Ok(bytes)
    }

    /// Reads a page and throws it away; answers its size.
    pub async fn size(&mut self, path: &str) -> Outcome<usize> {
        let mut size = 0;
        self.send(Method::GET, path, |part| size += part.len()).await?;
        Ok(size)
    }

    /// Hands on what comes until the answer ends, which a stream does not by itself.
    pub async fn take(&mut self, path: &str, take: impl FnMut(&[u8])) -> Outcome<()> {
        self.send(Method::GET, path, take).await
    }

    /// An order without content.
    pub async fn post(&mut self, path: &str) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        self.send(Method::POST, path, |part| bytes.extend_from_slice(part))
            .await?;
        Ok(bytes)
    }

    async fn send(&mut self, method: Method, path: &str, take: impl FnMut(&[u8])) -> Outcome<()> {
        let request = self
            .request(method, path)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{path} was answered with {}", answer.status()).into());
        }
        read(answer.into_body(), take).await
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address);
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }
}

async fn read(mut body: Incoming, mut take: impl FnMut(&[u8])) -> Outcome<()> {
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Some(part) = frame?.data_ref() {
            take(part);
        }
    }
    Ok(())
}
