//! Our components, on native HTML. They hold no rules of the field: slices put their words and data in.

mod address;
mod button;
mod dialog;
mod empty;
mod export;
mod fault;
mod field;
mod filters;
mod head;
mod icon;
mod keyed;
mod meter;
mod one_time;
mod pager;
mod pick;
mod progress;
mod stats;
mod table;
mod tabs;
mod tag;
mod time;
mod toast;

#[cfg(feature = "ssr")]
pub use address::lasting;
pub use address::{Address, address};
pub use button::{Button, ButtonLink, Kind, Submit};
pub use dialog::Dialog;
pub use empty::{Empty, or_dash};
pub use export::ExportLink;
pub use fault::{FaultNote, FaultPage, Note, either};
pub use field::{Area, Checkbox, Field, Select, as_written};
pub use filters::{FilterForm, Filters, Narrow, Pill};
pub use head::{Card, Fact, Facts, PageHead};
pub use icon::{Icon, Mark};
pub use keyed::keyed;
pub use meter::{Meter, MeterLevel};
pub use one_time::OneTimeAddress;
pub use pager::pager;
pub use pick::{Pick, PickAll};
pub use progress::Progress;
pub use stats::{Stat, Stats};
pub use table::{Column, Table};
pub use tabs::{Tab, Tabs};
pub use tag::{Tag, Tone};
pub use time::{Day, Moment};
pub use toast::{Toasts, provide_toasts, toast};
