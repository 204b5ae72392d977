//! Typed ids of rows, so that the id of a person cannot be given where the id of a pupil is expected.

/// Calls a macro with the list of all typed ids, because `db` adds the conversions of columns and arguments.
macro_rules! for_each_typed_id {
    ($callback:ident) => {
        $callback! {
            /// The id of an account.
            AccountId;
            /// The `client_id` of a relying party (RFC 6749 2.2).
            ClientId;
            /// The id of a session: the digest of its cookie.
            SessionId;
            /// The `sid` of a client's session (OpenID Connect Front-Channel Logout 3), different for each client.
            ClientSessionId;
            /// The id of a refresh token family.
            RefreshFamilyId;
            /// The id of a roster's person (a responsable).
            PersonId;
            /// The id of a roster's pupil.
            PupilId;
            /// The id of an activation.
            ActivationId;
            /// The id of a recovery.
            RecoveryId;
            /// The id of a sign-in between the password and the second factor.
            SignInAttemptId;
            /// The id of an application that gives codes (TOTP).
            TotpId;
            /// The id of a letter.
            LetterId;
            /// The id of a one-time code's challenge.
            ChallengeId;
            /// The id of a signing key, the `kid` of RFC 7515.
            KeyId;
            /// The id of an administrator.
            AdministratorId;
            /// The id of an administrator's session: the digest of its cookie.
            AdminSessionId;
            /// The id of an administrator's role on a territory.
            AdminRoleId;
            /// The id of a token of the Admin API.
            ApiTokenId;
        }
    };
}
pub(crate) use for_each_typed_id;

macro_rules! define {
    ($($(#[$doc:meta])* $name:ident;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a text that a store or the random source returned; no form is checked.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// An id may be read as text; a text never becomes an id without its name.
        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}
for_each_typed_id!(define);
