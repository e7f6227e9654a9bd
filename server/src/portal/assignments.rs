//! Assigning licences, with the plan first (A1 to A9): to devices chosen by hand, and to groups.

mod asking;
mod by_hand;
mod explain;
mod groups;
mod names;
mod numbered;
