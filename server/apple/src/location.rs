//! The client of one location: one method per operation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use crate::assets::{Asset, AssetFilter};
use crate::assignments::{Assignment, AssignmentFilter};
use crate::client::Apple;
use crate::config::{ClientConfig, ClientConfigChange, WireClientConfig};
use crate::event::{EventStatus, WireEvent, WireEventStatus};
use crate::exchange::{Body, Call, Credential, Verb};
use crate::fault::{Fault, FaultKind, Outcome};
use crate::ids::{AdamId, ClientUserId, EventId};
use crate::manage::{Association, Disassociation, Holders};
use crate::metadata::{Metadata, MetadataQuery, Reader, WireMetadata};
use crate::pace::Pacer;
use crate::reply::{Answer, Envelope, Record, Reply};
use crate::service::{Endpoint, Limits, ServiceConfig};
use crate::token::ServerToken;
use crate::users::{User, UserDetails, UserFilter, retirement, user_list};
use crate::walk::{Query, Walk, WirePage};
use crate::words::MetadataPlatform;

/// Names and icons are worth no longer waiting: whatever needs them goes on without.
const STORE_WITHIN: Duration = Duration::from_secs(10);

/// Apple's API for the location of one token. Clones are cheap and share the pace.
///
/// Compare `mdm_info` of every answer's [`Envelope`](crate::Envelope) with what is expected: Apple does not stop two
/// managers from working on one location. Of what location the answers are [`LocationClient::of`] looks after.
#[derive(Debug, Clone)]
pub struct LocationClient {
    apple: Apple,
    token: ServerToken,
    pacer: Arc<Pacer>,
    metadata_pacer: Arc<Pacer>,
    heard: Arc<Mutex<Option<Envelope>>>,
    /// The location that every answer must be about.
    uid: Option<Arc<str>>,
}

impl LocationClient {
    pub(crate) fn new(
        apple: Apple,
        token: ServerToken,
        pacer: Arc<Pacer>,
        metadata_pacer: Arc<Pacer>,
    ) -> Self {
        Self {
            apple,
            token,
            pacer,
            metadata_pacer,
            heard: Arc::default(),
            uid: None,
        }
    }

    /// The same, with every answer refused that is about another location than the one of this `uId`: a location is known by
    /// nothing else, and what is read of another one, or written there, would be taken for this one's.
    #[must_use]
    pub fn of(mut self, uid: &str) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// What Apple said about the location on the newest answer to this client that tells who manages it, so that whoever
    /// guards the ownership need not collect it from every call. That nobody does is told by the location's own settings
    /// alone; another answer may just leave it out. `None` before the first such answer.
    pub fn heard(&self) -> Option<Envelope> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The location's own settings; the way to find out whether a token is good.
    /// <https://developer.apple.com/documentation/devicemanagement/client-config>
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn client_config(&self) -> Result<Answer<ClientConfig>, Fault> {
        self.get::<WireClientConfig>(Endpoint::ClientConfig, &[]).await
    }

    /// Changes what `change` names and nothing else. With a notification address Apple first sends a trial
    /// there, before it answers, and refuses everything (9728) when that fails.
    /// <https://developer.apple.com/documentation/devicemanagement/client-config>
    ///
    /// # Errors
    /// An `Argument` fault, nothing sent, when `change` goes beyond Apple's limits; else any [`Fault`].
    pub async fn set_client_config(
        &self,
        change: &ClientConfigChange,
    ) -> Result<Answer<ClientConfig>, Fault> {
        let service = self.apple.service_config().await?;
        let body = change.checked(&service.limits, self.apple.is_loopback())?;
        self.post::<WireClientConfig>(&service, Endpoint::ClientConfig, &body, change.secrets())
            .await
    }

    /// Walks over the assets. <https://developer.apple.com/documentation/devicemanagement/get-assets>
    pub fn assets(&self, filter: &AssetFilter) -> Walk<Asset> {
        self.walk(Endpoint::GetAssets, filter.query())
    }

    /// The state of the data set of assets: another one than before means that something changed. Reads the
    /// first page and nothing else. <https://developer.apple.com/documentation/devicemanagement/get-assets>
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn assets_version(&self) -> Result<Answer<Option<String>>, Fault> {
        let page = self.get::<WirePage<Asset>>(Endpoint::GetAssets, &[]).await?;
        Ok(page.map(|page| page.version_id))
    }

    /// Walks over the assignments. <https://developer.apple.com/documentation/devicemanagement/get-assignments>
    pub fn assignments(&self, filter: &AssignmentFilter) -> Walk<Assignment> {
        self.walk(Endpoint::GetAssignments, filter.query())
    }

    /// Walks over the users. <https://developer.apple.com/documentation/devicemanagement/get-users>
    pub fn users(&self, filter: &UserFilter) -> Walk<User> {
        self.walk(Endpoint::GetUsers, filter.query())
    }

    /// Gives every holder every asset; Apple works on it later, as the event.
    /// <https://developer.apple.com/documentation/devicemanagement/associate-assets>
    ///
    /// # Errors
    /// An `Argument` fault, nothing sent, when the request goes beyond Apple's limits; else any [`Fault`].
    /// With [`Outcome::Unknown`](crate::Outcome::Unknown) read the assignments before sending again.
    pub async fn associate(&self, request: &Association) -> Result<Answer<EventId>, Fault> {
        self.act(Endpoint::AssociateAssets, |limits| request.checked(limits))
            .await
    }

    /// Takes every asset from every holder, later, as the event.
    /// <https://developer.apple.com/documentation/devicemanagement/disassociate-assets>
    ///
    /// # Errors
    /// As [`LocationClient::associate`].
    pub async fn disassociate(&self, request: &Disassociation) -> Result<Answer<EventId>, Fault> {
        self.act(Endpoint::DisassociateAssets, |limits| request.checked(limits))
            .await
    }

    /// Takes every revocable asset from the holders, later, as the event.
    /// <https://developer.apple.com/documentation/devicemanagement/revoke-assets>
    ///
    /// # Errors
    /// As [`LocationClient::associate`].
    pub async fn revoke(&self, holders: &Holders) -> Result<Answer<EventId>, Fault> {
        self.act(Endpoint::RevokeAssets, |limits| {
            holders.checked_for_revoke(limits)
        })
        .await
    }

    /// Registers users, later, as the event. One with a Managed Apple Account is associated at once, any
    /// other gets an invitation code. <https://developer.apple.com/documentation/devicemanagement/create-users>
    ///
    /// # Errors
    /// As [`LocationClient::associate`].
    pub async fn create_users(&self, users: &[UserDetails]) -> Result<Answer<EventId>, Fault> {
        self.act(Endpoint::CreateUsers, |limits| user_list(users, limits))
            .await
    }

    /// Changes users, later, as the event.
    /// <https://developer.apple.com/documentation/devicemanagement/update-users>
    ///
    /// # Errors
    /// As [`LocationClient::associate`].
    pub async fn update_users(&self, users: &[UserDetails]) -> Result<Answer<EventId>, Fault> {
        self.act(Endpoint::UpdateUsers, |limits| user_list(users, limits))
            .await
    }

    /// Retires users, which frees their revocable licences, later, as the event.
    /// <https://developer.apple.com/documentation/devicemanagement/retire-users>
    ///
    /// # Errors
    /// As [`LocationClient::associate`].
    pub async fn retire_users(&self, users: &[ClientUserId]) -> Result<Answer<EventId>, Fault> {
        self.act(Endpoint::RetireUsers, |limits| retirement(users, limits))
            .await
    }

    /// How far an event is. Apple asks not to look more often than every 30 seconds.
    /// <https://developer.apple.com/documentation/devicemanagement/event-status>
    ///
    /// # Errors
    /// Any [`Fault`]; number 9708 when Apple does not know the event (any more).
    pub async fn event_status(&self, event: &EventId) -> Result<Answer<EventStatus>, Fault> {
        let query = [("eventId", event.as_str().to_owned())];
        let status = self.get::<WireEventStatus>(Endpoint::EventStatus, &query).await?;
        Ok(status.map(|status| status.passed_on(&[self.token.secret()])))
    }

    /// What the store says about an app or book to `reader`. `country` is the two-letter code of the client
    /// config in either case, `language` such as `en`. `None` when the store of that country does not have it,
    /// or does not tell it that reader.
    /// <https://developer.apple.com/documentation/devicemanagement/getting-app-and-book-information-legacy>
    ///
    /// # Errors
    /// An `Argument` fault, nothing sent, when country or language is none; else any [`Fault`].
    pub async fn metadata(
        &self,
        reader: Reader,
        adam_id: &AdamId,
        platform: &MetadataPlatform,
        country: &str,
        language: &str,
    ) -> Result<Option<Metadata>, Fault> {
        let query = MetadataQuery {
            adam_id,
            platform,
            country,
            language,
        }
        .checked()?;
        let service = self.apple.service_config().await?;
        let to = self
            .apple
            .destination(&service, Endpoint::ContentMetadataLookup)?
            .with_query(&query);
        let call = Call {
            verb: Verb::Read,
            to: &to,
            credential: match reader {
                Reader::Anybody => Credential::None,
                Reader::Owner => Credential::Cookie(&self.token),
            },
            pacer: Some((&self.metadata_pacer, self.apple.rate(&service))),
        };
        let (_, mut found) = self
            .apple
            .in_at_most(STORE_WITHIN)
            .run::<WireMetadata>(&call)
            .await?;
        Ok(found.take(adam_id))
    }

    fn walk<T: Record>(&self, endpoint: Endpoint, query: Query) -> Walk<T> {
        let client = self.clone();
        Walk::new(move |index| {
            let (client, mut query) = (client.clone(), query.clone());
            async move {
                if index > 0 {
                    query.push(("pageIndex", index.to_string()));
                }
                client.get::<WirePage<T>>(endpoint, &query).await
            }
        })
    }

    async fn get<R: Reply>(
        &self,
        endpoint: Endpoint,
        query: &[(&'static str, String)],
    ) -> Result<Answer<R::Body>, Fault> {
        let service = self.apple.service_config().await?;
        self.call::<R>(&service, endpoint, Verb::Read, query).await
    }

    async fn act<B: Serialize>(
        &self,
        endpoint: Endpoint,
        body: impl FnOnce(&Limits) -> Result<B, Fault>,
    ) -> Result<Answer<EventId>, Fault> {
        let service = self.apple.service_config().await?;
        let body = body(&service.limits)?;
        self.post::<WireEvent>(&service, endpoint, &body, Vec::new())
            .await
    }

    async fn post<R: Reply>(
        &self,
        service: &ServiceConfig,
        endpoint: Endpoint,
        body: &impl Serialize,
        secrets: Vec<&SecretString>,
    ) -> Result<Answer<R::Body>, Fault> {
        let json =
            serde_json::to_vec(body).map_err(|_| Fault::protocol("the request cannot be written as JSON"))?;
        self.call::<R>(service, endpoint, Verb::Write(Body { json, secrets }), &[])
            .await
    }

    async fn call<R: Reply>(
        &self,
        service: &ServiceConfig,
        endpoint: Endpoint,
        verb: Verb<'_>,
        query: &[(&'static str, String)],
    ) -> Result<Answer<R::Body>, Fault> {
        let to = self.apple.destination(service, endpoint)?.with_query(query);
        let writes = matches!(verb, Verb::Write(_));
        let call = Call {
            verb,
            to: &to,
            credential: Credential::Bearer(&self.token),
            pacer: Some((&self.pacer, self.apple.rate(service))),
        };
        let (head, body) = self.apple.run::<R>(&call).await?;
        let envelope = head.into_envelope();
        self.check_location(&envelope, writes)?;
        if envelope.mdm_info.is_some() || endpoint == Endpoint::ClientConfig {
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(envelope.clone());
        }
        Ok(Answer { body, envelope })
    }

    fn check_location(&self, envelope: &Envelope, written: bool) -> Result<(), Fault> {
        match (&self.uid, &envelope.uid) {
            (Some(own), Some(told)) if **own != **told => Err(Fault {
                outcome: if written {
                    Outcome::Unknown
                } else {
                    Outcome::NotProcessed
                },
                ..Fault::local(
                    FaultKind::Elsewhere,
                    format!("the answer is about the location {told}, not {own}"),
                )
            }),
            _ => Ok(()),
        }
    }
}
