//! Server functions of uploads.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::csv::CsvPreview;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Devices,
    People,
}

impl What {
    pub fn as_str(self) -> &'static str {
        match self {
            What::Devices => "devices",
            What::People => "people",
        }
    }

    /// Of the page.
    pub fn path(self) -> &'static str {
        match self {
            What::Devices => "/devices/import",
            What::People => "/people/import",
        }
    }
}

#[server(prefix = "/api", endpoint = "import/preview", protocol = Call<Json>)]
pub async fn preview(what: What, text: String) -> Result<CsvPreview, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok(match what {
        What::Devices => services.devices.preview_csv(caller, &text).await?,
        What::People => services.people.preview_csv(caller, &text).await?,
    })
}

/// Where [`write`] is called.
pub const WRITE: &str = "/api/import/write";

/// Imports the good lines; goes on to the page that says how many they were.
#[server(prefix = "/api", endpoint = "import/write", protocol = Call)]
pub async fn write(what: What, text: String) -> Result<CsvPreview, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let done = match what {
        What::Devices => services.devices.import_csv(caller, &text).await?,
        What::People => services.people.import_csv(caller, &text).await?,
    };
    leptos_axum::redirect(&super::done_address(what, &done));
    Ok(done)
}
