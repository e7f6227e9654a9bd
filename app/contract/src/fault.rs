//! The one error that crosses to the browser. Its words are in `app/locales` under `fault_<code>_cause` and
//! `fault_<code>_remedy`, so that each person reads them in their own language.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{collections::BTreeMap, fmt};

/// What went wrong, with what the sentence about it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub code: Code,
    /// Values for the placeholders of the cause and the remedy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// Apple's own number and words, when Apple refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apple: Option<AppleError>,
    /// What is wrong with single fields of a form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldFault>,
}

/// Apple's `errorNumber` and `errorMessage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppleError {
    /// 0 where Apple refused without one, or did something else than it was asked for.
    pub number: u32,
    /// Apple's; if Apple did something else and gave no reason, the text of [`Code::AppleDidOtherwise`].
    pub message: String,
}

/// A form's field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFault {
    /// The field's `name` in the form.
    pub field: String,
    pub code: Code,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $status:literal),+ $(,)?) => {
        /// Every kind of fault. The text is stable: tests, the API and the locale files name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// All of them, for the check that each has its words.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)+
                }
            }

            /// The HTTP status that says the same.
            pub fn status(self) -> u16 {
                match self {
                    $(Code::$name => $status,)+
                }
            }
        }
    };
}

codes! {
    // Signing in
    /// Nobody is signed in, or not any more; of a directory, its token is not known.
    SignInNeeded = "sign_in_needed" 401,
    /// Address or password is wrong, or the account is disabled: which of them is not told.
    SignInRefused = "sign_in_refused" 401,
    /// Too many tries from one address or for one account.
    SignInThrottled = "sign_in_throttled" 429,
    /// The link that sets a password is used, expired or none.
    LinkInvalid = "link_invalid" 410,
    /// The link that opens a device's check-in page is used, expired or none (P1).
    EnrolmentLinkInvalid = "enrolment_link_invalid" 410,
    /// No mail server is set up.
    NoMail = "no_mail" 409,
    /// The person has no e-mail address.
    NoAddress = "no_address" 409,
    /// The person has no invitation that waits to be accepted.
    NotInvited = "not_invited" 409,
    /// This browser is no device's.
    CheckInNeeded = "check_in_needed" 401,
    /// The role lacks the permission (Z2).
    NotAllowed = "not_allowed" 403,
    /// Another site had the browser send it.
    ForeignOrigin = "foreign_origin" 403,

    // Requests
    /// Nothing has this id, or not any more.
    NotFound = "not_found" 404,
    /// The cursor is of another list, or of another order of this one.
    CursorInvalid = "cursor_invalid" 400,
    /// More was sent than is read.
    BodyTooLarge = "body_too_large" 413,
    /// What was sent cannot be understood, or is nothing that a page of ours sends.
    RequestInvalid = "request_invalid" 400,
    /// `fields` says which are wrong.
    FieldsInvalid = "fields_invalid" 422,
    /// The browser could not reach Pomona.
    Offline = "offline" 503,

    // Single fields
    Required = "required" 422,
    /// Each field has a length of its own.
    TooLong = "too_long" 422,
    /// It does not look like an address.
    EmailInvalid = "email_invalid" 422,
    /// Another account has it.
    EmailTaken = "email_taken" 422,
    /// Less than 12 letters.
    PasswordTooShort = "password_too_short" 422,
    /// It holds a well-known one, or hardly any different letters.
    PasswordTooCommon = "password_too_common" 422,
    /// Neither one of the choices nor within the bounds.
    ChoiceInvalid = "choice_invalid" 422,
    /// T1: nothing is created without it.
    ConsentMissing = "consent_missing" 422,
    /// Another one has it, without regard to case.
    NameTaken = "name_taken" 422,
    /// Neither a day nor a moment of RFC 3339.
    DateInvalid = "date_invalid" 422,
    /// A device cannot have checked in later than now.
    DateInFuture = "date_in_future" 422,
    /// Not what Apple's serial numbers look like.
    SerialInvalid = "serial_invalid" 422,
    /// Another device, or an earlier line of the file, has it.
    SerialTaken = "serial_taken" 422,
    /// Another person, or an earlier line of the file, has it.
    UserNameTaken = "user_name_taken" 422,
    /// Nobody else could sign in as an owner (Z1).
    LastOwner = "last_owner" 409,

    // The token file (T2)
    TokenFileEmpty = "token_file_empty" 422,
    /// Larger than 64 KiB; a token has less than 1.
    TokenFileTooLarge = "token_file_too_large" 413,
    TokenFileNotBase64 = "token_file_not_base64" 422,
    TokenFileNotJson = "token_file_not_json" 422,
    /// `with.key` names the key.
    TokenFileKeyMissing = "token_file_key_missing" 422,
    /// `with.date` is the text that is no date.
    TokenFileBadDate = "token_file_bad_date" 422,
    /// `with.date` is the day.
    TokenExpired = "token_expired" 422,
    /// Apple says so before the day has come.
    TokenExpiredEarly = "token_expired_early" 422,
    /// Apple's 9622.
    TokenUnknown = "token_unknown" 422,
    /// Apple's 9625.
    TokenRevoked = "token_revoked" 422,
    /// The same file is stored already; `with.name` is the token's name.
    TokenAlreadyHere = "token_already_here" 409,
    /// Another token of the same location; `with.name` is its name.
    LocationAlreadyHere = "location_already_here" 409,
    /// `with.mdm` is the other MDM's name (T5).
    OwnedByOtherMdm = "owned_by_other_mdm" 409,
    /// It is Pomona's own already.
    OwnedHere = "owned_here" 409,
    /// Another MDM than the one that was asked about; `with.mdm` is its name (T5).
    OwnerChanged = "owner_changed" 409,
    /// Two tokens of one location are here (T4).
    TokenDuplicate = "token_duplicate" 409,
    /// The file is of the location `with.location`, the token of `with.own` (T6).
    RenewalOfOtherLocation = "renewal_of_other_location" 409,
    /// The token could not be written down; nothing was claimed at Apple for it.
    TokenNotStored = "token_not_stored" 507,
    /// The token was deleted while this was under way (T8).
    TokenDeleted = "token_deleted" 409,

    // CSV
    /// The first line is empty.
    CsvNoHeader = "csv_no_header" 422,
    /// `with.column` names the one that a file must have.
    CsvColumnMissing = "csv_column_missing" 422,
    /// The header cannot be read as CSV, or hardly a line can.
    CsvBroken = "csv_broken" 422,
    /// A line has more cells than there are columns.
    CsvCellsExtra = "csv_cells_extra" 422,
    /// A line ends within quotation marks.
    CsvQuoteOpen = "csv_quote_open" 422,

    // People and groups
    /// `with.group` would be inside of itself (D2).
    GroupCycle = "group_cycle" 409,
    /// People and devices in one group (D2).
    GroupKindsMixed = "group_kinds_mixed" 422,
    /// Nothing has this name.
    GroupUnknown = "group_unknown" 422,
    /// All people and All devices stay as they are.
    GroupBuiltIn = "group_built_in" 409,
    /// Who is in it follows from its rule.
    GroupByRule = "group_by_rule" 409,
    /// `with.apps` names apps and books that are assigned to it.
    GroupInUse = "group_in_use" 409,
    /// It has no condition.
    RuleEmpty = "rule_empty" 422,
    /// A condition has an attribute that members of this kind lack, no value, or words that are none of ours; or there
    /// are more than [`crate::groups::Rule::MOST`].
    RuleInvalid = "rule_invalid" 422,
    /// A condition asks for a value that its attribute, which has few, never has.
    RuleValueUnknown = "rule_value_unknown" 422,
    /// Somebody else changed it meanwhile.
    ChangedMeanwhile = "changed_meanwhile" 412,

    // Assigning and revoking
    /// There is nothing, or nothing any more, that it could be done to.
    NothingChosen = "nothing_chosen" 422,
    /// `with.most` is how many can be.
    TooManyChosen = "too_many_chosen" 422,
    /// What it was worked out from has changed, or it was applied.
    PlanLapsed = "plan_lapsed" 409,
    /// What is to be typed before something that cannot be undone was not.
    ConfirmationWrong = "confirmation_wrong" 422,
    /// Nobody would get anything or wait for it.
    PlanEmpty = "plan_empty" 409,
    /// A3: all that was chosen are books.
    BookNeverRevoked = "book_never_revoked" 422,
    /// Apple takes back none of what was chosen.
    NotRevocable = "not_revocable" 422,
    /// It has ended, or goes on as it is.
    NotResumable = "not_resumable" 409,
    /// Something of it was sent, or it has ended.
    NotCancellable = "not_cancellable" 409,
    /// It has not ended, or it did nothing at Apple.
    NotReversible = "not_reversible" 409,
    /// All of it was reversed or changed since.
    NothingToUndo = "nothing_to_undo" 409,
    /// The operation `with.operation` reverses it.
    AlreadyUndone = "already_undone" 409,
    /// Only licences that Pomona did not give are there, and nobody asked for those.
    OriginUnknown = "origin_unknown" 409,
    /// A1: groups of devices cannot ask for an app.
    AvailableNeedsPeople = "available_needs_people" 422,
    /// A4: no assignment offers the app to whoever asks.
    NotOffered = "not_offered" 409,
    /// A3.
    BookUserOnly = "book_user_only" 422,
    /// A3: `with.count` more holders would come under a device licence and a user licence at once.
    BothKinds = "both_kinds" 409,
    /// A10: licences of devices do not become one of a person.
    DeviceToUser = "device_to_user" 409,
    /// A10: `with.count` user licences of the assignment become licences of devices by a migration of `with.asset` alone.
    UserToDevice = "user_to_device" 409,
    /// Another migration of the app is not done.
    MoveUnderWay = "move_under_way" 409,
    /// Apple gives no device licences of it.
    NotDeviceAssignable = "not_device_assignable" 422,
    /// What is given can never be taken back.
    ConfirmationNeeded = "confirmation_needed" 422,
    /// C4.
    AssetInUse = "asset_in_use" 409,

    /// The device has asked for this app already (P4).
    RequestOpen = "request_open" 409,
    /// The device, or whoever it belongs to, has the app or waits for it.
    AppHere = "app_here" 409,
    /// The app is for other devices.
    AppRunsElsewhere = "app_runs_elsewhere" 409,
    /// A3: no device licence in user enrolment.
    DeviceUserEnrolled = "device_user_enrolled" 409,
    /// It was wiped, or is out of management.
    DeviceGone = "device_gone" 409,
    /// Somebody else was quicker.
    RequestAnswered = "request_answered" 409,

    // Apple
    /// Apple asked to wait (9646, 429); Pomona goes on by itself.
    AppleBusy = "apple_busy" 503,
    /// Apple's side failed (5xx, 9603, 9729, 9644).
    AppleFailing = "apple_failing" 502,
    /// No answer came.
    AppleUnreachable = "apple_unreachable" 502,
    /// Apple refused for another reason; see `apple`.
    AppleRefused = "apple_refused" 502,
    /// Apple answered something that is no answer of its API.
    AppleUnclear = "apple_unclear" 502,
    /// The answer was about another location than the token's.
    AppleOtherLocation = "apple_other_location" 502,
    /// 9709.
    AppleShortage = "apple_shortage" 409,
    /// What Apple has is not what was asked for, although it reported no error.
    AppleDidOtherwise = "apple_did_otherwise" 502,

    // Here
    /// Nothing was written.
    StorageFull = "storage_full" 507,
    /// Somebody else wrote for too long; nothing was written.
    StorageBusy = "storage_busy" 503,
    /// For another reason.
    StorageFailed = "storage_failed" 500,
    /// O2: the stored secrets are sealed with another key.
    KeyWrong = "key_wrong" 500,
    /// A mistake of Pomona's own.
    Internal = "internal" 500,
}

impl Code {
    /// Storage itself is why: it is tried again soon, and nobody else is to blame.
    pub fn is_storage(self) -> bool {
        matches!(self, Code::StorageBusy | Code::StorageFull | Code::StorageFailed)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// By the list of all, which is much smaller in the browser than what a derive makes of so many.
impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.as_str() == text);
        known
            .copied()
            .ok_or_else(|| D::Error::custom("no code of a fault"))
    }
}

impl Fault {
    /// The code alone.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            with: BTreeMap::new(),
            apple: None,
            fields: Vec::new(),
        }
    }

    /// Adds the value of a placeholder.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.with.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds Apple's number and words.
    #[must_use]
    pub fn from_apple(mut self, number: u32, message: impl Into<String>) -> Self {
        self.apple = Some(AppleError {
            number,
            message: message.into(),
        });
        self
    }

    /// A form whose `fields` are wrong.
    pub fn fields(fields: Vec<FieldFault>) -> Self {
        Self {
            fields,
            ..Self::new(Code::FieldsInvalid)
        }
    }

    /// A form with one wrong field.
    pub fn field(field: &str, code: Code) -> Self {
        Self::fields(vec![FieldFault {
            field: field.to_owned(),
            code,
        }])
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if let Some(apple) = &self.apple {
            write!(f, " (Apple {}: {})", apple.number, apple.message)?;
        }
        // What only whoever reads the log can use.
        if let Some(reason) = self.with.get("reason") {
            write!(f, " ({reason})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_the_log_is_told_the_reason() {
        let fault = Fault::new(Code::AppleUnclear).with("reason", "the answer lacks its list (HTTP 200)");
        let told = "apple_unclear (the answer lacks its list (HTTP 200))";
        assert_eq!(fault.to_string(), told);
        assert_eq!(Fault::new(Code::AppleBusy).to_string(), "apple_busy");
    }
}
