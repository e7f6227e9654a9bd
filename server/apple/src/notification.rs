//! What Apple sends to the notification address: one JSON document per request.
//! <https://developer.apple.com/documentation/devicemanagement/subscribing-to-notifications>

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::assignments::Assignment;
use crate::event::{EventFailure, WireFailure};
use crate::ids::{AssetId, EventId};
use crate::lenient;
use crate::reply::{Records, asset_id};
use crate::users::User;
use crate::words::{EventType, NotificationType};

/// A notification. Apple may send it several times, and in another order than things happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The same each time it is sent.
    pub id: String,
    /// The location's unique id (`uId`).
    pub uid: Option<String>,
    /// Its kind, also one not known here.
    pub kind: NotificationType,
    /// What happened.
    pub news: News,
}

/// What a notification tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The trial that is sent when the address is set.
    Test,
    /// Licences were bought, moved or refunded.
    AssetCount(AssetCount),
    /// Licences were given or taken back, or not.
    AssetManagement(AssetManagement),
    /// Users were made, changed or retired, or not.
    UserManagement(UserManagement),
    /// These users' invitations were accepted.
    UserAssociated(Vec<User>),
    /// Another kind, or a known one without what makes it understood.
    Unknown,
}

/// The change of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetCount {
    /// Of what.
    pub asset: AssetId,
    /// Licences more, or fewer when negative.
    pub delta: i64,
}

/// Up to a hundred tasks of an event, all with the same result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetManagement {
    /// The event; the other tasks of it come in other notifications.
    pub event: Option<EventId>,
    /// Given or taken back.
    pub event_type: EventType,
    /// Why the tasks failed; none when they succeeded.
    pub error: Option<EventFailure>,
    /// The tasks.
    pub assignments: Vec<Assignment>,
}

/// Up to a hundred users of an event, all with the same result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserManagement {
    /// The event.
    pub event: Option<EventId>,
    /// Made, changed or retired.
    pub event_type: EventType,
    /// Why it failed; none when it succeeded.
    pub error: Option<EventFailure>,
    /// The users as they are now.
    pub users: Vec<User>,
}

/// Why a text is no notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotificationFault {
    /// It is not a JSON object.
    #[error("the notification is not a JSON object")]
    NotJson,
    /// A key is missing without which nothing can be done with it.
    #[error("the notification has no {0}")]
    Missing(&'static str),
}

impl Notification {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`NotificationFault`] when it is no notification of any kind.
    pub fn parse(body: &[u8]) -> Result<Self, NotificationFault> {
        let object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| NotificationFault::NotJson)?;
        let wire: WireNotification = read(Value::Object(object)).ok_or(NotificationFault::NotJson)?;
        let kind = wire
            .notification_type
            .ok_or(NotificationFault::Missing("notificationType"))?;
        let kind = NotificationType::from(kind.as_str());
        Ok(Self {
            id: wire
                .notification_id
                .ok_or(NotificationFault::Missing("notificationId"))?,
            uid: wire.u_id,
            news: news(&kind, wire.notification),
            kind,
        })
    }
}

fn news(kind: &NotificationType, body: Value) -> News {
    match kind {
        NotificationType::TestNotification => Some(News::Test),
        NotificationType::AssetCount => read(body).and_then(WireAssetCount::open),
        NotificationType::AssetManagement => read(body).and_then(WireAssetManagement::open),
        NotificationType::UserManagement => read(body).and_then(WireUserManagement::open),
        NotificationType::UserAssociated => {
            read(body).map(|wire: WireUserAssociated| News::UserAssociated(wire.associated_users.items))
        }
        _ => None,
    }
    .unwrap_or(News::Unknown)
}

fn read<T: DeserializeOwned>(body: Value) -> Option<T> {
    serde_json::from_value(body).ok()
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireNotification {
    #[serde(deserialize_with = "lenient::string")]
    notification_id: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    notification_type: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    u_id: Option<String>,
    notification: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAssetCount {
    #[serde(deserialize_with = "lenient::text")]
    adam_id: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    pricing_param: Option<CompactString>,
    #[serde(deserialize_with = "lenient::signed")]
    count_delta: Option<i64>,
}

impl WireAssetCount {
    fn open(self) -> Option<News> {
        Some(News::AssetCount(AssetCount {
            asset: asset_id(self.adam_id, self.pricing_param)?,
            delta: self.count_delta?,
        }))
    }
}

/// What the notifications of events have in common.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireOutcome {
    #[serde(deserialize_with = "lenient::text")]
    event_id: Option<CompactString>,
    #[serde(rename = "type", deserialize_with = "lenient::string")]
    event_type: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    result: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    error: Option<WireFailure>,
}

impl WireOutcome {
    /// Event, type and error; none without type and result. A failure without a named error has an empty one.
    fn open(self) -> Option<(Option<EventId>, EventType, Option<EventFailure>)> {
        let failed = match self.result?.as_str() {
            "SUCCESS" => false,
            "FAILURE" => true,
            _ => return None,
        };
        let error = failed.then(|| EventFailure::from(self.error.unwrap_or_default()).passed_on(&[]));
        let event_type = EventType::from(self.event_type?.as_str());
        Some((self.event_id.map(EventId::from_apple), event_type, error))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireAssetManagement {
    assignments: Records<Assignment>,
    #[serde(flatten)]
    outcome: WireOutcome,
}

impl WireAssetManagement {
    fn open(self) -> Option<News> {
        let (event, event_type, error) = self.outcome.open()?;
        Some(News::AssetManagement(AssetManagement {
            event,
            event_type,
            error,
            assignments: self.assignments.items,
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUserManagement {
    users: Records<User>,
    #[serde(flatten)]
    outcome: WireOutcome,
}

impl WireUserManagement {
    fn open(self) -> Option<News> {
        let (event, event_type, error) = self.outcome.open()?;
        Some(News::UserManagement(UserManagement {
            event,
            event_type,
            error,
            users: self.users.items,
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireUserAssociated {
    associated_users: Records<User>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AdamId, Holder, Serial};
    use crate::words::UserStatus;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(json: &Value) -> Result<Notification, NotificationFault> {
        Notification::parse(json.to_string().as_bytes())
    }

    fn news_of(kind: &str, notification: &Value) -> News {
        let json = json!({ "notification": notification, "notificationId": "n", "notificationType": kind,
            "uId": 2_049_025_000_431_439_u64 });
        let read = parse(&json).expect("a notification");
        assert_eq!(
            (read.id.as_str(), read.uid.as_deref()),
            ("n", Some("2049025000431439"))
        );
        read.news
    }

    #[test]
    fn a_purchase_has_a_signed_delta() {
        for (delta, wire) in [(1, json!(1)), (-12, json!("-12"))] {
            let news = news_of(
                "ASSET_COUNT",
                &json!({ "adamId": "361304891", "countDelta": wire, "pricingParam": "STDQ" }),
            );
            let asset = AssetId::standard(AdamId::new("361304891").expect("digits"));
            assert_eq!(news, News::AssetCount(AssetCount { asset, delta }));
        }
    }

    #[test]
    fn an_event_succeeds_or_fails_with_apples_words() {
        let assignments =
            json!([{ "adamId": "408709785", "pricingParam": "STDQ", "serialNumber": "C02Y402HLCM6" }]);
        let body = json!({ "assignments": assignments, "eventId": "87cbc650", "result": "SUCCESS", "type": "ASSOCIATE" });
        let News::AssetManagement(told) = news_of("ASSET_MANAGEMENT", &body) else {
            panic!("another kind");
        };
        assert_eq!((told.event_type, told.error), (EventType::Associate, None));
        let holder = Holder::Device(Serial::new("C02Y402HLCM6").expect("a serial"));
        assert_eq!(told.assignments.first().map(|one| &one.holder), Some(&holder));
        let body = json!({ "assignments": assignments, "result": "FAILURE", "type": "REVOKE",
            "error": { "errorNumber": 9709, "errorMessage": "There aren't\nenough assets." } });
        let News::AssetManagement(told) = news_of("ASSET_MANAGEMENT", &body) else {
            panic!("another kind");
        };
        assert_eq!((told.event, told.event_type), (None, EventType::Revoke));
        let error = told.error.expect("an error");
        assert_eq!(
            (error.number, error.message.as_str()),
            (Some(9709), "There aren't enough assets.")
        );
    }

    #[test]
    fn users_are_told_of() {
        let user = json!({ "clientUserId": "u", "email": "u@example.com", "inviteCode": "f5", "status": "Registered" });
        let body = json!({ "users": [user], "eventId": "e", "result": "SUCCESS", "type": "CREATE" });
        let News::UserManagement(told) = news_of("USER_MANAGEMENT", &body) else {
            panic!("another kind");
        };
        assert_eq!(
            told.users.first().map(|user| &user.status),
            Some(&UserStatus::Registered)
        );
        let body =
            json!({ "associatedUsers": [{ "clientUserId": "u", "idHash": "x=", "status": "Associated" }] });
        assert!(matches!(news_of("USER_ASSOCIATED", &body), News::UserAssociated(users) if users.len() == 1));
    }

    #[test]
    fn what_is_not_understood_is_unknown_and_no_fault() {
        assert_eq!(news_of("TEST_NOTIFICATION", &json!({})), News::Test);
        for (kind, body) in [
            ("SUBSCRIPTION_COUNT", json!({ "adamId": 1 })),
            ("ASSET_COUNT", json!({ "adamId": "1" })),
            ("ASSET_COUNT", json!(7)),
            (
                "ASSET_MANAGEMENT",
                json!({ "assignments": [], "type": "ASSOCIATE", "result": "PERHAPS" }),
            ),
            ("ASSET_MANAGEMENT", json!({ "assignments": 3 })),
            ("USER_MANAGEMENT", Value::Null),
        ] {
            assert_eq!(news_of(kind, &body), News::Unknown, "{kind} {body}");
        }
    }

    #[test]
    fn what_is_no_notification_is_refused() {
        for body in [
            "",
            "{",
            "[]",
            "7",
            "null",
            "\"x\"",
            "{\"notificationId\":\"a\"} {",
        ] {
            assert_eq!(
                Notification::parse(body.as_bytes()),
                Err(NotificationFault::NotJson),
                "{body}"
            );
        }
        assert_eq!(
            parse(&json!({ "notificationId": "a" })),
            Err(NotificationFault::Missing("notificationType"))
        );
        assert_eq!(
            parse(&json!({ "notificationType": "ASSET_COUNT", "notificationId": "" })),
            Err(NotificationFault::Missing("notificationId"))
        );
    }

    /// Any JSON, with the keys and words of notifications more often than chance would have them.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            prop::sample::select(vec![
                "ASSET_COUNT",
                "ASSET_MANAGEMENT",
                "USER_MANAGEMENT",
                "USER_ASSOCIATED",
                "SUCCESS",
                "FAILURE",
                "ASSOCIATE",
                "408709785",
            ])
            .prop_map(Value::from),
        ];
        let key = prop_oneof![
            4 => prop::sample::select(vec![
                "notification", "notificationId", "notificationType", "uId", "adamId", "countDelta", "pricingParam",
                "assignments", "eventId", "result", "type", "error", "errorInfo", "errorNumber", "users",
                "associatedUsers", "clientUserId", "serialNumber", "status",
            ]).prop_map(str::to_owned),
            1 => ".{0,8}",
        ];
        leaf.prop_recursive(5, 48, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..8)
                    .prop_map(|map| Value::from(Map::from_iter(map))),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused_and_never_panics(json in any_json()) {
            drop(parse(&json));
        }

        #[test]
        fn any_body_of_a_known_kind_is_read(
            kind in prop::sample::select(vec!["ASSET_COUNT", "ASSET_MANAGEMENT", "USER_MANAGEMENT", "USER_ASSOCIATED"]),
            body in any_json(),
        ) {
            let json = json!({ "notification": body, "notificationId": "n", "notificationType": kind });
            prop_assert!(parse(&json).is_ok());
        }

        #[test]
        fn any_bytes_are_read_or_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(Notification::parse(&bytes));
        }
    }
}
