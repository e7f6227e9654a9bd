//! The first page's numbers, and what it warns of (N1).

use super::Portal;
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, Permission,
    overview::{AlertRules, Overview, Summary},
};
use serde_json::json;

/// Where the rules are kept, as JSON.
const SETTING: &str = "alerts";

#[async_trait]
impl Overview for Portal {
    async fn summary(&self, caller: &Caller) -> Result<Summary, Fault> {
        caller.need(Permission::ViewOverview)?;
        let rules = self.alerts().await?;
        let summary = self.db.summary(self.clock.now(), rules.licenses_left).await?;
        Ok(Summary {
            storage: self.storage.trouble(),
            ..summary
        })
    }

    async fn alert_rules(&self, caller: &Caller) -> Result<AlertRules, Fault> {
        caller.need(Permission::ManageAlerts)?;
        self.alerts().await
    }

    async fn set_alert_rules(&self, caller: &Caller, rules: AlertRules) -> Result<(), Fault> {
        caller.need(Permission::ManageAlerts)?;
        if !(0..=AlertRules::MOST).contains(&rules.licenses_left) {
            return Err(Fault::field("licenses_left", Code::ChoiceInvalid));
        }
        let before = self.alerts().await?;
        let text = json!(rules).to_string();
        let details = json!({ "before": before, "after": rules });
        let set = self.db.set_setting(SETTING, &text);
        self.audited(caller, "overview.alerts", SETTING, details, set)
            .await
    }
}

impl Portal {
    async fn alerts(&self) -> Result<AlertRules, Fault> {
        let Some(text) = self.db.setting(SETTING).await? else {
            return Ok(AlertRules::default());
        };
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the stored rules for warnings cannot be read; the default ones apply");
            AlertRules::default()
        }))
    }
}
