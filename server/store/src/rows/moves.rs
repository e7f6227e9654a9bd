use super::{assets::read_platforms, named, number};
use crate::{
    Result, StoreError,
    moves::{MoveDevice, MovePerson, Moving, RunningMove},
    numbers::Number,
};
use contract::{
    AccountId, AssetId, MoveId, Serial,
    devices::{Enrolment, Platform},
    moves::{MoveState, MoveView},
};

/// Apple's number: not enough licences are left.
const SHORTAGE: i64 = 9709;

/// Of assets `a`: how many licences are reserved for groups and not used yet, of groups none of whose members has a user
/// licence that could move.
pub const KEPT: &str = "(SELECT CAST(coalesce(sum(CASE WHEN r.kept > 0 THEN r.kept ELSE 0 END), 0) AS bigint) FROM (
         SELECT n.reserved - (SELECT count(*) FROM licenses y WHERE y.asset = n.asset AND y.assignment = n.number
             AND y.state IN (1, 2, 3)) AS kept
         FROM assignments n WHERE n.asset = a.id AND n.reserved > 0 AND NOT EXISTS (SELECT 1 FROM licenses z
             WHERE z.asset = n.asset AND z.assignment = n.number AND z.kind = 1)) r)";

/// Of assets `a`: more of it may be asked for at the moment `{now}`.
pub fn may_ask(now: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM doubts u WHERE u.location = a.location AND u.adam_id = a.adam_id
             AND u.pricing_param = a.pricing_param)
         AND NOT EXISTS (SELECT 1 FROM plan_queue q WHERE q.asset = a.id AND q.not_before > {now})"
    )
}

/// Who goes by client user ids `{holder}`, their devices `d` with licences `x` of the asset `{asset}`; to be joined to
/// whatever has the ids.
pub fn joined(holder: &str, asset: &str) -> String {
    format!(
        "LEFT JOIN vpp_users u ON u.client_user_id = {holder} LEFT JOIN people p ON p.id = u.person
         LEFT JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> '' AND d.left_at IS NULL
         LEFT JOIN licenses x ON x.asset = {asset} AND x.holder = d.serial AND x.kind = 0
         LEFT JOIN assets b ON b.id = {asset}"
    )
}

/// Beside `holder`, `moving`, `stay` and `user_state`.
pub const PERSON: &str = "p.name AS person_name, p.id IS NOT NULL AS known, d.serial, d.platform, d.enrolment, \
    x.state AS device_state, x.error_number AS device_error, b.platforms";

/// One device of a person, or a person without.
#[derive(sqlx::FromRow)]
pub struct PersonRecord {
    holder: String,
    #[sqlx(try_from = "i16")]
    moving: i64,
    stay: Option<i16>,
    user_state: Option<i16>,
    person_name: Option<String>,
    known: bool,
    serial: Option<String>,
    platform: Option<String>,
    enrolment: Option<String>,
    device_state: Option<i16>,
    device_error: Option<i64>,
    /// Of the app.
    platforms: Option<String>,
}

impl PersonRecord {
    /// The app runs on the device, if this is one.
    fn suits(&self) -> Result<bool> {
        let platforms = self.platforms.as_deref().unwrap_or_default();
        Ok(match &self.platform {
            Some(platform) => read_platforms(platforms).suit(named(platform, Platform::parse)?),
            None => true,
        })
    }
}

fn moving(state: i64, stay: Option<i16>) -> Result<Moving> {
    Ok(match state {
        0 => Moving::ToCome,
        1 => Moving::Assigning,
        2 => Moving::Releasing,
        3 => Moving::Done,
        _ => Moving::Stays(number(stay.map_or(-1, i64::from))?),
    })
}

/// The columns of a state.
pub fn columns(moving: Moving) -> (i64, Option<i64>) {
    match moving {
        Moving::ToCome => (0, None),
        Moving::Assigning => (1, None),
        Moving::Releasing => (2, None),
        Moving::Done => (3, None),
        Moving::Stays(stay) => (4, Some(stay.number())),
    }
}

/// The rows of each person, one after the other, put together.
pub fn people(records: Vec<PersonRecord>) -> Result<Vec<MovePerson>> {
    let mut people: Vec<MovePerson> = Vec::new();
    for record in records {
        let suits = record.suits()?;
        let device = match (record.serial, record.enrolment) {
            (Some(serial), Some(enrolment)) if suits => Some(MoveDevice {
                serial: Serial::known(serial),
                user_enrolled: named(&enrolment, Enrolment::parse)? == Enrolment::User,
                state: record
                    .device_state
                    .map(|state| number(state.into()))
                    .transpose()?,
                short: record.device_error.is_none_or(|error| error == SHORTAGE),
            }),
            _ => None,
        };
        match people.last_mut().filter(|last| last.holder == record.holder) {
            Some(last) => {
                last.devices.extend(device);
                last.runs_elsewhere |= !suits;
            }
            None => people.push(MovePerson {
                moving: moving(record.moving, record.stay)?,
                name: record.person_name,
                known: record.known,
                user: record.user_state.map(|state| number(state.into())).transpose()?,
                holder: record.holder,
                devices: device.into_iter().collect(),
                runs_elsewhere: !suits,
            }),
        }
    }
    Ok(people)
}

/// Of `moves m`.
pub const MOVE: &str =
    "m.number, m.id, m.asset, m.state, m.pace, m.account, m.\"by\", m.reason, m.created_at, m.ended_at";

#[derive(sqlx::FromRow)]
pub struct MoveRecord {
    pub number: i64,
    id: String,
    asset: i64,
    state: String,
    pace: i64,
    account: String,
    by: String,
    reason: String,
    created_at: i64,
    ended_at: Option<i64>,
}

impl MoveRecord {
    /// With how many people are how far: state, why they stay, number.
    pub fn view(self, counts: Vec<(i16, Option<i16>, i64)>) -> Result<MoveView> {
        let mut view = MoveView {
            id: MoveId(self.id),
            asset: AssetId(self.asset),
            state: named(&self.state, MoveState::parse)?,
            pace: self.pace,
            by: self.by,
            created_at: self.created_at,
            ended_at: self.ended_at,
            to_come: 0,
            under_way: 0,
            done: 0,
            stays: Vec::new(),
            waits: None,
        };
        for (state, stay, count) in counts {
            match moving(state.into(), stay)? {
                Moving::ToCome => view.to_come += count,
                Moving::Assigning | Moving::Releasing => view.under_way += count,
                Moving::Done => view.done += count,
                Moving::Stays(stay) => view.stays.push((stay, count)),
            }
        }
        Ok(view)
    }
}

impl TryFrom<MoveRecord> for RunningMove {
    type Error = StoreError;

    fn try_from(record: MoveRecord) -> Result<Self> {
        Ok(RunningMove {
            number: record.number,
            asset: AssetId(record.asset),
            state: named(&record.state, MoveState::parse)?,
            pace: record.pace,
            account: AccountId(record.account),
            by: record.by,
            reason: record.reason,
        })
    }
}
