//! Names of SCIM.

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Ours: the Managed Apple Account.
pub const APPLE: &str = "urn:pomona:params:scim:schemas:extension:apple:2.0:User";
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The attribute's own name if it is written with the schema before it; any case.
pub fn without_schema<'a>(name: &'a str, schema: &str) -> &'a str {
    match name.get(..schema.len()) {
        Some(start) if start.eq_ignore_ascii_case(schema) => name
            .get(schema.len()..)
            .and_then(|rest| rest.strip_prefix(':'))
            .unwrap_or(name),
        _ => name,
    }
}

/// An object's value by its name in any case.
pub fn get<'a>(
    object: &'a serde_json::Map<String, serde_json::Value>,
    name: &str,
) -> Option<&'a serde_json::Value> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}
