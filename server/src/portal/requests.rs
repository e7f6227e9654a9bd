//! What people ask for on their check-in pages, answered (P4), and the links that open those pages (P1).

use super::Portal;
use crate::secrets;
use async_trait::async_trait;
use contract::{
    Caller, Code, DeviceId, Fault, OperationId, Page, Permission, RequestId,
    assignments::{Assignments, DeviceSelection, PlanRequest, Reason},
    checkin::{EnrolmentLink, RequestQuery, RequestRow, RequestState, Requests},
    live::LiveEvent,
};
use serde_json::json;
use store::checkin::{Answer, NewEnrolmentLink};

/// Milliseconds that an enrolment link is good for: a school day, with the evening.
const GOOD_FOR: i64 = 24 * 60 * 60 * 1000;

/// The audit's word for what an approval did, with or without an operation.
pub(super) const APPROVE: &str = "requests.approve";

/// The dark modules as an SVG path, and how many a side has, without the quiet zone.
fn qr_code(text: &str) -> Result<(String, i64), Fault> {
    let code = qrcode::QrCode::new(text).map_err(|error| {
        tracing::error!(%error, "an address is too long for a QR code");
        Fault::new(Code::Internal)
    })?;
    let width = code.width().max(1);
    let dark = code.to_colors().into_iter().enumerate();
    let path = dark
        .filter(|(_, color)| *color == qrcode::Color::Dark)
        .map(|(at, _)| format!("M{} {}h1v1h-1z", at % width, at / width))
        .collect();
    Ok((path, i64::try_from(width).unwrap_or(i64::MAX)))
}

/// Why what is asked for cannot be given.
fn impossible(reason: Reason) -> Code {
    match reason {
        Reason::UserEnrolment => Code::DeviceUserEnrolled,
        Reason::DeviceGone => Code::DeviceGone,
        Reason::NotDeviceAssignable => Code::NotDeviceAssignable,
        Reason::OtherKind => Code::AppHere,
        Reason::RunsElsewhere => Code::AppRunsElsewhere,
        _ => Code::PlanEmpty,
    }
}

impl Portal {
    async fn open_request(&self, id: &RequestId) -> Result<RequestRow, Fault> {
        let row = self.db.request(id).await?.ok_or(Code::NotFound)?;
        match row.state {
            RequestState::Open => Ok(row),
            RequestState::Approved | RequestState::Refused => Err(Code::RequestAnswered.into()),
        }
    }

    async fn answer(
        &self,
        caller: &Caller,
        id: &RequestId,
        state: RequestState,
        words: &str,
    ) -> Result<(), Fault> {
        let answer = Answer {
            state,
            by: caller.name.clone(),
            at: self.clock.now(),
            words: words.to_owned(),
            operation: None,
        };
        if !self.db.answer_request(id, &answer).await? {
            return Err(Code::RequestAnswered.into());
        }
        Ok(())
    }
}

#[async_trait]
impl Requests for Portal {
    async fn enrolment_link(&self, caller: &Caller, device: &DeviceId) -> Result<EnrolmentLink, Fault> {
        caller.need(Permission::EnrolDevices)?;
        if self.db.device(device).await?.left_at.is_some() {
            return Err(Code::DeviceGone.into());
        }
        let secret = secrets::random_secret();
        let expires_at = self.clock.now() + GOOD_FOR;
        let link = NewEnrolmentLink {
            hash: secrets::digest(secret.as_bytes()),
            device: device.clone(),
            expires_at,
        };
        let insert = self.db.insert_enrolment_link(&link);
        self.audited(
            caller,
            "devices.enrolment_link",
            device.as_str(),
            json!({}),
            insert,
        )
        .await?;
        let link = EnrolmentLink {
            device: device.clone(),
            link: format!("/checkin/{secret}"),
            code: String::new(),
            modules: 0,
            expires_at,
        };
        Requests::with_code(self, caller, link).await
    }

    async fn with_code(&self, caller: &Caller, link: EnrolmentLink) -> Result<EnrolmentLink, Fault> {
        caller.need(Permission::EnrolDevices)?;
        if !link.link.starts_with("/checkin/") {
            return Err(Code::RequestInvalid.into());
        }
        let (code, modules) = qr_code(&format!("{}{}", self.origin, link.link))?;
        Ok(EnrolmentLink {
            code,
            modules,
            ..link
        })
    }

    async fn list(&self, caller: &Caller, query: RequestQuery) -> Result<Page<RequestRow>, Fault> {
        caller.need(Permission::ViewRequests)?;
        Ok(self.db.request_list(&query).await?)
    }

    async fn approve(&self, caller: &Caller, id: &RequestId) -> Result<Option<OperationId>, Fault> {
        caller.need(Permission::AnswerRequests)?;
        let row = self.open_request(id).await?;
        let plan = PlanRequest {
            assets: vec![row.asset],
            devices: DeviceSelection::Chosen {
                devices: vec![row.device.clone()],
            },
        };
        let plan = Assignments::plan(self, caller, plan).await?;
        let view = Assignments::view(self, caller, &plan).await?;
        let details = |operation: Option<&OperationId>| json!({ "asset": row.asset, "device": row.device, "operation": operation });
        let operation = match (view.reasons.first(), view.outcomes.has) {
            (Some((reason, _)), _) => return Err(impossible(*reason).into()),
            // Given by hand since: then only the answer is due.
            (None, has) if has > 0 => {
                let approve = self.answer(caller, id, RequestState::Approved, "");
                self.audited(caller, APPROVE, id.as_str(), details(None), approve)
                    .await?;
                None
            }
            (None, _) => match self
                .answer_with_plan(caller, id, &plan, |operation| details(Some(operation)))
                .await
            {
                // Perhaps since somebody else has just approved it.
                Err(fault) if fault.code == Code::PlanLapsed => {
                    self.open_request(id).await?;
                    return Err(fault);
                }
                given => Some(given?),
            },
        };
        self.live.send(LiveEvent::Requests);
        Ok(operation)
    }

    async fn refuse(&self, caller: &Caller, id: &RequestId, answer: &str) -> Result<(), Fault> {
        caller.need(Permission::AnswerRequests)?;
        let answer = answer.trim();
        if answer.chars().count() > RequestRow::LONGEST_ANSWER {
            return Err(Fault::field("answer", Code::TooLong));
        }
        let row = self.open_request(id).await?;
        let details = json!({ "asset": row.asset, "device": row.device, "answer": answer });
        let refuse = self.answer(caller, id, RequestState::Refused, answer);
        self.audited(caller, "requests.refuse", id.as_str(), details, refuse)
            .await?;
        self.live.send(LiveEvent::Requests);
        Ok(())
    }
}
