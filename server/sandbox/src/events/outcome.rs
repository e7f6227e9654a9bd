//! Results of an event's tasks, put together: failures for the status, elements for notifications of at most 100.

use std::sync::Arc;

use indexmap::IndexSet;
use serde::Serialize;

use super::HolderName;
use crate::faults::FailureGrouping;
use crate::wire::{ErrorInfo, ErrorNumber, ErrorResponse, PricingParam};
use crate::world::AssetKey;

/// The most elements that a notification carries.
const NOTIFICATION_ELEMENTS: usize = 100;

/// Failures with the same error, and the same asset if so set.
#[derive(Debug)]
struct Failure {
    error: ErrorNumber,
    asset: Option<AssetKey>,
    assets: IndexSet<AssetKey>,
    users: IndexSet<Arc<str>>,
    serials: IndexSet<Arc<str>>,
}

/// All failures of an event.
#[derive(Debug)]
pub(super) struct Failures {
    grouping: FailureGrouping,
    list: Vec<Failure>,
}

impl Failures {
    pub(super) fn new(grouping: FailureGrouping) -> Self {
        Self {
            grouping,
            list: Vec::new(),
        }
    }

    /// Adds a failed task.
    pub(super) fn add(&mut self, error: ErrorNumber, asset: Option<&AssetKey>, holder: &HolderName) {
        // 9609 is about the user, whatever the asset.
        let asset = asset.filter(|_| error != ErrorNumber(9609));
        let own = asset.filter(|_| self.grouping == FailureGrouping::PerAsset);
        let position = self
            .list
            .iter()
            .position(|f| f.error == error && f.asset.as_ref() == own);
        let position = position.unwrap_or_else(|| {
            self.list.push(Failure {
                error,
                asset: own.cloned(),
                assets: IndexSet::new(),
                users: IndexSet::new(),
                serials: IndexSet::new(),
            });
            self.list.len() - 1
        });
        let Some(failure) = self.list.get_mut(position) else {
            return;
        };
        failure.assets.extend(asset.cloned());
        match holder {
            HolderName::User(name) => failure.users.insert(Arc::clone(name)),
            HolderName::Device(serial) => failure.serials.insert(Arc::clone(serial)),
        };
    }

    /// As the status shows them.
    pub(super) fn into_answers(self) -> Vec<ErrorResponse> {
        let answer = |failure: Failure| ErrorResponse {
            error_info: Some(ErrorInfo {
                assets: failure.assets.into_iter().collect(),
                client_user_ids: failure.users.into_iter().collect(),
                serial_numbers: failure.serials.into_iter().collect(),
            }),
            ..failure.error.into()
        };
        self.list.into_iter().map(answer).collect()
    }
}

/// An assignment in a notification.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignmentElement {
    adam_id: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_user_id: Option<Arc<str>>,
    pricing_param: PricingParam,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<Arc<str>>,
}

impl AssignmentElement {
    pub(super) fn new(asset: &AssetKey, holder: &HolderName) -> Self {
        let (user, serial) = match holder {
            HolderName::User(name) => (Some(Arc::clone(name)), None),
            HolderName::Device(serial) => (None, Some(Arc::clone(serial))),
        };
        Self {
            adam_id: Arc::clone(&asset.adam_id),
            client_user_id: user,
            pricing_param: asset.pricing_param,
            serial_number: serial,
        }
    }
}

/// Elements that wait for their notification, apart by result.
#[derive(Debug)]
pub(super) struct Bundles<T> {
    list: Vec<(Option<ErrorNumber>, Vec<T>)>,
}

/// Elements with the same result; the error is none for success.
pub(super) type Bundle<T> = (Option<ErrorNumber>, Vec<T>);

impl<T> Bundles<T> {
    pub(super) fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds an element; returns a bundle that became full.
    pub(super) fn add(&mut self, error: Option<ErrorNumber>, element: T) -> Option<Bundle<T>> {
        let Some((_, elements)) = self.list.iter_mut().find(|(other, _)| *other == error) else {
            self.list.push((error, vec![element]));
            return None;
        };
        elements.push(element);
        (elements.len() >= NOTIFICATION_ELEMENTS).then(|| (error, std::mem::take(elements)))
    }

    /// What is left.
    pub(super) fn rest(self) -> impl Iterator<Item = Bundle<T>> {
        self.list.into_iter().filter(|(_, elements)| !elements.is_empty())
    }
}
