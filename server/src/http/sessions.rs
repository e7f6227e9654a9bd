//! The session cookie, its storage, and who is signed in.

use super::{Web, problem};
use crate::{
    moment::{self, Moment},
    portal::{
        Portal,
        client::{self, ClientAddress},
        session::{IDLE, RequestSession, caller_of, put_off, session_fault},
    },
    secrets::digest,
};
use app::once::Https;
use async_trait::async_trait;
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header::COOKIE},
    middleware::Next,
    response::Response,
};
use contract::{AccountId, Caller, Fault, Services};
use std::{fmt, net::IpAddr, sync::Arc};
use store::{Db, sessions::SessionRecord};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::{SameSite, time::OffsetDateTime},
    session::{Id, Record},
    session_store,
};

/// The cookie (architecture: `__Host-…; HttpOnly; Secure; SameSite=Strict`, without Secure and prefix on plain http).
pub fn layer(web: &Web) -> SessionManagerLayer<SessionStorage> {
    let name = if web.public.secure {
        "__Host-pomona"
    } else {
        "pomona"
    };
    SessionManagerLayer::new(SessionStorage::new(
        web.portal.db.clone(),
        web.portal.clock.clone(),
    ))
    .with_name(name)
    .with_secure(web.public.secure)
    .with_http_only(true)
    .with_same_site(SameSite::Strict)
    .with_path("/")
    .with_expiry(Expiry::OnInactivity(IDLE))
}

/// A request's session with its account.
#[derive(Clone)]
pub struct Signed {
    pub caller: Option<Caller>,
    portal: Arc<Portal>,
    session: Session,
    /// Whom wrong tries are counted for.
    address: IpAddr,
}

impl Signed {
    /// The request's session, as the portal takes it.
    pub fn request_session(&self) -> RequestSession {
        RequestSession {
            portal: self.portal.clone(),
            session: self.session.clone(),
            caller: self.caller.clone(),
            address: self.address,
        }
    }

    /// Whether the caller is still signed in, long after the request came.
    pub async fn still(&self) -> Result<bool, Fault> {
        self.session.load().await.map_err(session_fault)?;
        Ok(caller_of(&self.portal, &self.session).await?.is_some())
    }

    /// Everything that the request may call.
    pub fn services(&self) -> Services {
        self.services_of(self.portal.clone())
    }

    /// The same for who reads a list to its end: what is worked out for its first page is what the others are of.
    pub fn services_to_the_end(&self) -> Services {
        self.services_of(Arc::new(Portal {
            moment: Some(Arc::default()),
            ..self.portal.as_ref().clone()
        }))
    }

    fn services_of(&self, portal: Arc<Portal>) -> Services {
        let session = Arc::new(self.request_session());
        Services {
            caller: self.caller.clone(),
            accounts: portal.clone(),
            activity: portal.clone(),
            assignments: portal.clone(),
            catalog: portal.clone(),
            check_in: session.clone(),
            devices: portal.clone(),
            drift: portal.clone(),
            group_assignments: portal.clone(),
            help_desk: portal.clone(),
            licenses: portal.clone(),
            moves: portal.clone(),
            overview: portal.clone(),
            requests: portal.clone(),
            session,
            groups: portal.clone(),
            people: portal.clone(),
            reclaim: portal.clone(),
            scim_tokens: portal.clone(),
            users: portal.clone(),
            tokens: portal,
        }
    }
}

/// Looks up who is signed in.
pub async fn attach(
    State(web): State<Web>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let moment = request.extensions().get::<Arc<Moment>>().cloned();
    match caller_at(moment.as_deref(), &web, &session, request.headers()).await {
        Ok(caller) => {
            let portal = match moment {
                Some(_) => Arc::new(Portal {
                    moment,
                    ..web.portal.as_ref().clone()
                }),
                None => web.portal.clone(),
            };
            let signed = Signed {
                caller,
                portal,
                session,
                address: client::counted(address),
            };
            request.extensions_mut().insert(Https(web.public.secure));
            request.extensions_mut().insert(signed.services());
            request.extensions_mut().insert(signed);
            next.run(request).await
        }
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}

/// Who is signed in by these cookies: looked up once in a moment.
async fn caller_at(
    moment: Option<&Moment>,
    web: &Web,
    session: &Session,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Fault> {
    let Some(moment) = moment else {
        return who(web, session).await;
    };
    let cookies: Vec<_> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let cookies = digest(&cookies.join(&b'\n'));
    moment::once(Some(moment), &cookies, who(web, session)).await
}

/// Who is signed in; whoever is stays so, [`IDLE`] from now.
async fn who(web: &Web, session: &Session) -> Result<Option<Caller>, Fault> {
    let caller = caller_of(&web.portal, session).await?;
    put_off(&web.portal, session, caller.as_ref()).await?;
    Ok(caller)
}

/// Keeps tower's sessions in our store; ids are hashed, so that a copy of the database opens no session.
#[derive(Clone)]
pub struct SessionStorage {
    db: Db,
    clock: crate::clock::SharedClock,
}

impl SessionStorage {
    pub fn new(db: Db, clock: crate::clock::SharedClock) -> Self {
        Self { db, clock }
    }
}

impl fmt::Debug for SessionStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionStorage")
    }
}

fn hash(id: &Id) -> Vec<u8> {
    digest(&id.0.to_be_bytes())
}

fn backend(error: impl fmt::Display) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

/// The session as it is stored.
fn kept(record: &Record) -> session_store::Result<SessionRecord> {
    let account = record
        .data
        .get("account")
        .and_then(|id| id.as_str())
        .map(AccountId::from);
    Ok(SessionRecord {
        hash: hash(&record.id),
        account,
        data: serde_json::to_vec(&record.data).map_err(backend)?,
        expires_at: i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000_000).map_err(backend)?,
    })
}

#[async_trait]
impl SessionStore for SessionStorage {
    /// Ids have 128 random bits: two never meet.
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        self.db.insert_session(&kept(record)?).await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.db.save_session(&kept(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(found) = self
            .db
            .session(&hash(id), self.clock.now())
            .await
            .map_err(backend)?
        else {
            return Ok(None);
        };
        let data = serde_json::from_slice(&found.data).map_err(backend)?;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(found.expires_at) * 1_000_000)
            .map_err(backend)?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.db.delete_session(&hash(id)).await.map_err(backend)
    }
}
