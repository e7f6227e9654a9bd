use super::{licenses::LicenseRecord, number};
use crate::{Result, StoreError, search::LicenseFacts};
use contract::{AssetId, OperationId, licenses::DeviceErrand, tokens::TokenState};

/// What [`super::licenses::LICENSE`] lacks; `h` is the newest blocked or stalled operation that still has to do with the
/// licence.
pub const FACTS: &str = "a.available, a.unlimited, a.waiting, h.id AS stopped_id, h.fault AS stopped_fault";

/// What the device with the serial number `$1` is to do.
pub const ERRANDS: &str = "SELECT a.id, a.name, CAST(e.errand AS bigint) AS errand FROM devices d
    JOIN errands e ON e.device = d.id JOIN assets a ON a.id = e.asset AND a.stage = 1
    WHERE d.serial = $1 ORDER BY a.sort_name, a.id";

#[derive(sqlx::FromRow)]
pub struct ErrandRecord {
    id: i64,
    name: String,
    errand: i64,
}

impl TryFrom<ErrandRecord> for DeviceErrand {
    type Error = StoreError;

    fn try_from(record: ErrandRecord) -> Result<Self> {
        Ok(DeviceErrand {
            asset: AssetId(record.id),
            asset_name: record.name,
            errand: number(record.errand)?,
        })
    }
}

/// Failed, waiting, under way, held: of `licenses x`.
pub const URGENCY: &str = "CASE x.state WHEN 5 THEN 0 WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 3 THEN 2 ELSE 3 END";

/// The state of tokens, and the code of operations that wait for them, that say the same as Apple's number, if any does.
pub fn token_words(number: u32) -> (Option<&'static str>, Option<&'static str>) {
    TokenState::of_number(number)
        .map(|state| (state.as_str(), state.fault().code.as_str()))
        .unzip()
}

#[derive(sqlx::FromRow)]
pub struct FactsRecord {
    available: i64,
    unlimited: bool,
    waiting: i64,
    stopped_id: Option<String>,
    stopped_fault: Option<String>,
    #[sqlx(flatten)]
    license: LicenseRecord,
}

impl TryFrom<FactsRecord> for LicenseFacts {
    type Error = StoreError;

    fn try_from(record: FactsRecord) -> Result<Self> {
        let fault = record.stopped_fault.as_deref();
        let fault = fault.map(serde_json::from_str).transpose()?;
        Ok(LicenseFacts {
            license: record.license.try_into()?,
            free: (!record.unlimited).then_some(record.available),
            waiting: record.waiting,
            stopped: record.stopped_id.map(|id| (OperationId(id), fault)),
        })
    }
}
