//! A new token on its way to the page, for plain forms.

use crate::once::Once;

pub(super) const ONCE: Once = Once {
    name: "pomona_scim",
    path: "/settings/scim",
};
