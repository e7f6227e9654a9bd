//! Devices: the list, adding by hand, and CSV with a preview.

use super::{
    Portal,
    csv::{
        devices as csv_devices,
        lines::{self, LONGEST, one_line},
    },
};
use crate::clock::new_id;
use async_trait::async_trait;
use contract::{
    Caller, Code, DeviceId, Fault, FieldFault, Page, Permission,
    csv::CsvPreview,
    devices::{DeviceForm, DeviceQuery, DeviceRow, Devices},
    live::LiveEvent,
};
use serde_json::json;
use store::{devices::Import, import::Line};

#[async_trait]
impl Devices for Portal {
    async fn list(&self, caller: &Caller, query: DeviceQuery) -> Result<Page<DeviceRow>, Fault> {
        caller.need(Permission::ViewDevices)?;
        Ok(self.db.device_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: &DeviceId) -> Result<DeviceRow, Fault> {
        caller.need(Permission::ViewDevices)?;
        Ok(self.db.device(id).await?)
    }

    async fn set_gone(&self, caller: &Caller, id: &DeviceId, gone: bool) -> Result<(), Fault> {
        caller.need(Permission::ManageDevices)?;
        let now = self.clock.now();
        let action = if gone { "devices.left" } else { "devices.back" };
        let set = self.db.set_left(id, gone.then_some(now), now);
        self.audited(caller, action, id.as_str(), json!({}), set).await?;
        self.live.send(LiveEvent::Devices);
        Ok(self.db.reclaim_soon(now).await?)
    }

    async fn sign_out(&self, caller: &Caller, id: &DeviceId) -> Result<(), Fault> {
        caller.need(Permission::EnrolDevices)?;
        let end = self.db.end_device_sessions(id);
        self.audited(caller, "devices.sign_out", id.as_str(), json!({}), end)
            .await?;
        self.live.send(LiveEvent::Devices);
        Ok(())
    }

    async fn add(&self, caller: &Caller, form: DeviceForm) -> Result<DeviceId, Fault> {
        caller.need(Permission::ManageDevices)?;
        let form = checked(form)?;
        let id = DeviceId(new_id(self.clock.now()));
        let details = json!({ "serial": contract::shown_key(&form.serial) });
        let insert = self.db.insert_device(&id, &form, self.clock.now());
        self.audited(caller, "devices.add", id.as_str(), details, insert)
            .await
            .map_err(|fault| match fault.code {
                Code::SerialTaken => Fault::field("serial", Code::SerialTaken),
                _ => fault,
            })?;
        Ok(id)
    }

    async fn preview_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault> {
        caller.need(Permission::ManageDevices)?;
        self.csv(text, None).await
    }

    async fn import_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault> {
        caller.need(Permission::ManageDevices)?;
        let done = self.csv(text, Some(caller)).await?;
        self.live.send(LiveEvent::Devices);
        Ok(done)
    }
}

impl Portal {
    /// A preview, or what somebody's import did.
    async fn csv(&self, text: &str, importer: Option<&Caller>) -> Result<CsvPreview, Fault> {
        let now = self.clock.now();
        let read = csv_devices::read(text, now)?;
        let lines: Vec<_> = read
            .good
            .into_iter()
            .map(|line| Line {
                number: line.number,
                id: DeviceId(new_id(now)),
                form: line.form,
                says: line.says,
            })
            .collect();
        let imported = match importer {
            None => self.db.import_device_lines(&lines, now, Import::Preview).await?,
            Some(caller) => {
                let details = json!({ "lines": lines.len(), "bad": read.bad.lines });
                let import = self.db.import_device_lines(&lines, now, Import::Write);
                self.audited(caller, "devices.import", "csv", details, import)
                    .await?
            }
        };
        Ok(lines::preview(
            &imported,
            (read.bad, read.ignored),
            &lines,
            csv_devices::NAMES,
            csv_devices::cells,
        ))
    }
}

/// The form with each text on one line and the serial number checked.
fn checked(form: DeviceForm) -> Result<DeviceForm, Fault> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, code| {
        fields.push(FieldFault {
            field: field.into(),
            code,
        })
    };
    let mut text = |field: &str, value: &str| {
        if value.trim().chars().count() > LONGEST {
            wrong(field, Code::TooLong);
        }
        one_line(value)
    };
    let (name, model) = (text("name", &form.name), text("model", &form.model));
    let (os_version, user_name) = (
        text("os_version", &form.os_version),
        text("user_name", &form.user_name),
    );
    let (serial, name) = match csv_devices::identity(&form.serial, &name, &user_name, form.enrolment) {
        Ok(identity) => identity,
        Err((field, code)) => {
            wrong(field, code);
            Default::default()
        }
    };
    if !fields.is_empty() {
        return Err(Fault::fields(fields));
    }
    Ok(DeviceForm {
        name,
        serial,
        model,
        os_version,
        user_name,
        last_check_in: None,
        ..form
    })
}
