//! What a request asks for.

use std::fmt;

use super::text::{Malformed, is_token};

macro_rules! methods {
    ($($variant:ident $text:literal $source:literal;)*) => {
        /// The method of a request (RFC 3261 §7.1): case-sensitive.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Method {
            $(#[doc = concat!("`", $text, "`, ", $source)] $variant,)*
            /// A token that we do not know: answered 501, or 405 where the method is known but not taken.
            Other(Box<str>),
        }

        impl Method {
            /// The methods that we know, the answer to which may be something else than 501.
            pub const KNOWN: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The token as on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(token) => token,
                }
            }

            /// Reads a token.
            ///
            /// # Errors
            /// When it is no token (RFC 3261 §25.1).
            pub fn parse(token: &[u8]) -> Result<Self, Malformed> {
                if !is_token(token) {
                    return Err(Malformed("method"));
                }
                let token = str::from_utf8(token).map_err(|_| Malformed("method"))?;
                Ok(match token {
                    $($text => Self::$variant,)*
                    other => Self::Other(other.into()),
                })
            }
        }
    };
}

methods! {
    Invite "INVITE" "RFC 3261";
    Ack "ACK" "RFC 3261";
    Bye "BYE" "RFC 3261";
    Cancel "CANCEL" "RFC 3261";
    Options "OPTIONS" "RFC 3261";
    Register "REGISTER" "RFC 3261";
    Prack "PRACK" "RFC 3262";
    Update "UPDATE" "RFC 3311";
    Info "INFO" "RFC 6086";
    Refer "REFER" "RFC 3515";
    Notify "NOTIFY" "RFC 6665";
    Subscribe "SUBSCRIBE" "RFC 6665";
    Publish "PUBLISH" "RFC 3903";
    Message "MESSAGE" "RFC 3428";
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
