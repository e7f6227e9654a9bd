//! Who is to be told that an app was withdrawn (R5). How far that got is one number, the ledger's line; it goes on in the
//! transaction that queues the mails, so that nobody is told twice or not at all.

use crate::{Result, mails::NewMail};
use async_trait::async_trait;
use contract::{PersonId, UnixMillis};

/// Lines of the ledger looked at together.
pub(crate) const AT_ONCE: i64 = 10_000;
/// Where the number is kept among the settings.
pub(crate) const SETTING: &str = "withdrawals_told";

/// An app that somebody has lost: a device's licence its primary user, a user licence whoever holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    pub person: PersonId,
    pub name: String,
    pub email: String,
    pub app: String,
    /// None: on all of the person's devices.
    pub device: Option<String>,
    pub at: UnixMillis,
}

/// A stretch of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    pub from: i64,
    pub to: i64,
    /// By person. Not those who have the app again or in another way, whose device left, or who have no address.
    pub withdrawals: Vec<Withdrawal>,
}

#[async_trait]
pub trait Withdrawals: Send + Sync {
    /// The next stretch, of lines written before `until`; what is older than `since` is not told any more. None: there is
    /// nothing new. The first call begins with what comes after it.
    async fn withdrawals(&self, since: UnixMillis, until: UnixMillis) -> Result<Option<Telling>>;
    /// Queues the mails and goes on behind the stretch, unless somebody else has.
    async fn tell_withdrawals(&self, telling: &Telling, mails: &[NewMail], now: UnixMillis) -> Result<bool>;
}

/// `$1` and `$2`: the stretch; `$3`: the oldest.
pub(crate) const WITHDRAWALS: &str = "SELECT p.id AS person, p.name, p.email, a.name AS app, d.name AS device, g.at
    FROM ledger g JOIN assets a ON a.id = g.asset AND a.product = 0
    LEFT JOIN devices d ON g.kind = 0 AND d.serial = g.holder
    LEFT JOIN vpp_users u ON g.kind = 1 AND u.client_user_id = g.holder LEFT JOIN people q ON q.id = u.person
    JOIN people p ON p.user_name_key = CASE g.kind WHEN 0 THEN d.user_name_key ELSE q.user_name_key END
    WHERE g.id > $1 AND g.id <= $2 AND g.act IN (1, 6) AND g.at >= $3 AND p.active AND p.email <> ''
        AND (d.id IS NULL OR d.left_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM licenses x JOIN assets b ON b.id = x.asset
            WHERE x.holder = g.holder AND x.kind = g.kind AND x.state IN (1, 2) AND b.stage = 1 AND b.adam_id = a.adam_id)
        AND NOT (g.kind = 1 AND EXISTS (SELECT 1 FROM devices e JOIN licenses x ON x.holder = e.serial AND x.kind = 0
            JOIN assets b ON b.id = x.asset
            WHERE e.user_name_key = p.user_name_key AND x.state IN (1, 2) AND b.stage = 1 AND b.adam_id = a.adam_id))
    ORDER BY p.id, a.sort_name, g.id";

#[derive(sqlx::FromRow)]
pub(crate) struct WithdrawalRecord {
    person: String,
    name: String,
    email: String,
    app: String,
    device: Option<String>,
    at: i64,
}

impl From<WithdrawalRecord> for Withdrawal {
    fn from(record: WithdrawalRecord) -> Self {
        Withdrawal {
            person: PersonId(record.person),
            name: record.name,
            email: record.email,
            app: record.app,
            device: record.device,
            at: record.at,
        }
    }
}
