//! Words of Apple's vocabulary that Apple may extend: each known word is a variant, any other is kept as
//! it came, so that a new one neither breaks a sync nor gets lost.

/// Declares an enum of Apple's words with `Other` for those unknown today.
macro_rules! open_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$word_doc])* $variant,)+
            /// A word this crate does not know, as Apple wrote it.
            Other(Box<str>),
        }

        impl $name {
            /// The word as Apple writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)+
                    $name::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => $name::$variant,)+
                    other => $name::Other(other.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }
    };
}

open_words! {
    /// The quality bought; with the `adamId` it identifies an asset.
    /// <https://developer.apple.com/documentation/devicemanagement/asset>
    PricingParam {
        /// Standard quality, the usual one, and Apple's meaning when the field is absent.
        Stdq = "STDQ",
        /// High quality; in practice some older books.
        Plus = "PLUS",
    }
}

open_words! {
    /// What an asset is. <https://developer.apple.com/documentation/devicemanagement/responseasset>
    ProductType {
        /// An app, also a custom one.
        App = "App",
        /// A book: for people only, and never to be taken back.
        Book = "Book",
    }
}

open_words! {
    /// A platform an asset runs on; iPads are meant by `iOS`.
    /// <https://developer.apple.com/documentation/devicemanagement/responseasset>
    Platform {
        /// iPhone and iPad.
        Ios = "iOS",
        /// Mac.
        MacOs = "macOS",
        /// Apple TV.
        TvOs = "tvOS",
        /// Apple Watch.
        WatchOs = "watchOS",
        /// Apple Vision.
        VisionOs = "visionOS",
    }
}

open_words! {
    /// Where a user stands in the programme.
    /// <https://developer.apple.com/documentation/devicemanagement/managing-users>
    UserStatus {
        /// Known at Apple, no Apple Account joined yet.
        Registered = "Registered",
        /// An Apple Account has joined.
        Associated = "Associated",
        /// Retired: its revocable licences are free again.
        Retired = "Retired",
        /// Retired, and its Apple Account has since joined a newer user of the same id.
        Deleted = "Deleted",
    }
}

open_words! {
    /// How far Apple is with an event.
    /// <https://developer.apple.com/documentation/devicemanagement/statusresponse>
    EventState {
        /// Still at work.
        Pending = "PENDING",
        /// Every task is done.
        Complete = "COMPLETE",
        /// At least one task failed; others may have succeeded.
        Failed = "FAILED",
    }
}

open_words! {
    /// What an event does. <https://developer.apple.com/documentation/devicemanagement/statusresponse>
    EventType {
        /// Licences are given.
        Associate = "ASSOCIATE",
        /// Licences are taken back, asset by asset.
        Disassociate = "DISASSOCIATE",
        /// Every revocable licence of the holders is taken back.
        Revoke = "REVOKE",
        /// Users are made.
        Create = "CREATE",
        /// Users are changed.
        Update = "UPDATE",
        /// Users are retired.
        Retire = "RETIRE",
    }
}

open_words! {
    /// A kind of notification Apple sends to the notification address.
    /// <https://developer.apple.com/documentation/devicemanagement/clientconfigrequest>
    NotificationType {
        /// A trial, sent when the notification address is set.
        TestNotification = "TEST_NOTIFICATION",
        /// Licences were given or taken back.
        AssetManagement = "ASSET_MANAGEMENT",
        /// Users were made, changed or retired.
        UserManagement = "USER_MANAGEMENT",
        /// A person accepted the invitation.
        UserAssociated = "USER_ASSOCIATED",
        /// Licences were bought, moved or refunded.
        AssetCount = "ASSET_COUNT",
        /// Subscription seats were given or taken back.
        SubscriptionManagement = "SUBSCRIPTION_MANAGEMENT",
        /// The number of subscription seats changed.
        SubscriptionCount = "SUBSCRIPTION_COUNT",
        /// Undocumented beyond its name.
        UnlimitedAsset = "UNLIMITED_ASSET",
    }
}

open_words! {
    /// The store whose metadata is wanted; for a location take `defaultPlatform` of its client config.
    /// <https://developer.apple.com/documentation/devicemanagement/getting-app-and-book-information-legacy>
    MetadataPlatform {
        /// The organisation is a business.
        EnterpriseStore = "enterprisestore",
        /// The organisation is a school.
        VolumeStore = "volumestore",
        /// The Mac's own metadata of an app that has several.
        MacAppStore = "macappstore",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_kept_as_it_came() {
        let platform = Platform::from("roboticsOS");
        assert_eq!(platform, Platform::Other("roboticsOS".into()));
        assert_eq!(platform.as_str(), "roboticsOS");
        assert_eq!(Platform::from("macOS"), Platform::MacOs);
        assert_eq!(
            serde_json::to_string(&PricingParam::Stdq).expect("a word"),
            "\"STDQ\""
        );
    }
}
