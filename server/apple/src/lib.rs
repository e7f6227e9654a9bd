//! Typed client of Apple's App and Book Management API v2 ("Apps and Books", "VPP") and of its content
//! metadata look-up. <https://developer.apple.com/documentation/devicemanagement/app-and-book-management>
//!
//! [`Apple`] holds what is shared: connections, the service config, the paces. [`Apple::location`] binds
//! it to one token; the [`LocationClient`] has one method per operation. The crate obeys Apple: limits and
//! addresses come from the service config, requests keep the location's pace, reads are tried again with
//! back-off, and a request that may have been carried out is never sent twice: its [`Fault`] then has
//! [`Outcome::Unknown`], and the caller looks before trying again.
//!
//! ```no_run
//! use std::sync::Arc;
//! use apple::{Apple, AppleSettings, AssetFilter, Association, Serial, TokenFile};
//!
//! # async fn example(text: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let apple = Apple::new(AppleSettings::new(Arc::new(|| 0.5)))?; // pass real randomness
//! let file = TokenFile::parse(text)?;
//! let location = apple.location(file.server_token, "2049025000431439");
//!
//! // Whose location is it, and who manages it?
//! let config = location.client_config().await?;
//! println!("{} is managed by {:?}", config.body.location_name, config.envelope.mdm_info);
//!
//! // Everything it owns, page by page.
//! let mut device_apps = Vec::new();
//! let mut walk = location.assets(&AssetFilter::default());
//! while let Some(page) = walk.next().await {
//!     device_apps.extend(page?.body.items.iter().filter_map(|asset| asset.for_devices()));
//! }
//! assert!(walk.end().is_some_and(|end| end.is_consistent()));
//!
//! // A licence of the first app for one device.
//! device_apps.truncate(1);
//! let request = Association::for_devices(device_apps, vec![Serial::new("C02Y402HLCM6")?]);
//! let event = location.associate(&request).await?.body;
//! let status = location.event_status(&event).await?.body;
//! println!("{} of {} done", status.completed, status.requested);
//! # Ok(()) }
//! ```

mod assets;
mod assignments;
mod client;
mod config;
mod date;
mod destination;
mod event;
mod exchange;
mod fault;
mod ids;
mod lenient;
mod location;
mod manage;
mod message;
mod metadata;
mod notification;
mod pace;
mod reply;
mod retry;
mod service;
mod settings;
mod token;
mod users;
mod walk;
mod words;

pub use assets::{Asset, AssetFilter, DeviceAssignableAsset, Licenses, RevocableAsset};
pub use assignments::{Assignment, AssignmentFilter};
pub use client::Apple;
pub use config::{ClientConfig, ClientConfigChange, NotificationTarget};
pub use event::{EventFailure, EventStatus};
pub use fault::{ErrorInfo, Explanation, Fault, FaultKind, Outcome, explain, explanations, number};
pub use ids::{AdamId, AssetId, ClientUserId, EventId, Holder, IdFault, Serial};
pub use location::LocationClient;
pub use manage::{Association, Disassociation, Holders};
pub use metadata::{Artwork, Metadata, Picture, Price, Reader, Version};
pub use notification::{AssetCount, AssetManagement, News, Notification, NotificationFault, UserManagement};
pub use pace::PaceKey;
pub use reply::{Answer, Envelope, MdmInfo};
pub use secrecy::SecretString;
pub use service::{Limits, ServiceConfig};
pub use settings::{APPLE_BASE_URL, AppleSettings, Jitter, Pace, RetryBounds, SettingsFault};
pub use token::{ServerToken, TokenFile, TokenFileFault};
pub use users::{InviteCode, User, UserDetails, UserFilter, UserScope};
pub use walk::{Page, Walk, WalkEnd};
pub use words::{
    EventState, EventType, MetadataPlatform, NotificationType, Platform, PricingParam, ProductType,
    UserStatus,
};
