//! The names of headers that we know.

use std::fmt;

macro_rules! header_names {
    ($($variant:ident $text:literal $lower:literal $(| $compact:literal)?;)*) => {
        /// A header that we know by name; others are kept as bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl HeaderName {
            /// Every header that we know.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The name as we write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            fn from_lower(lower: &[u8]) -> Option<Self> {
                match lower {
                    $($lower $(| $compact)? => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

header_names! {
    Accept "Accept" b"accept";
    AcceptEncoding "Accept-Encoding" b"accept-encoding";
    AcceptLanguage "Accept-Language" b"accept-language";
    AlertInfo "Alert-Info" b"alert-info";
    Allow "Allow" b"allow";
    AllowEvents "Allow-Events" b"allow-events" | b"u";
    AuthenticationInfo "Authentication-Info" b"authentication-info";
    Authorization "Authorization" b"authorization";
    CallId "Call-ID" b"call-id" | b"i";
    CallInfo "Call-Info" b"call-info";
    Contact "Contact" b"contact" | b"m";
    ContentDisposition "Content-Disposition" b"content-disposition";
    ContentEncoding "Content-Encoding" b"content-encoding" | b"e";
    ContentLanguage "Content-Language" b"content-language";
    ContentLength "Content-Length" b"content-length" | b"l";
    ContentType "Content-Type" b"content-type" | b"c";
    CSeq "CSeq" b"cseq";
    Date "Date" b"date";
    Diversion "Diversion" b"diversion";
    ErrorInfo "Error-Info" b"error-info";
    Event "Event" b"event" | b"o";
    Expires "Expires" b"expires";
    From "From" b"from" | b"f";
    HistoryInfo "History-Info" b"history-info";
    InfoPackage "Info-Package" b"info-package";
    MaxForwards "Max-Forwards" b"max-forwards";
    MimeVersion "MIME-Version" b"mime-version";
    MinExpires "Min-Expires" b"min-expires";
    MinSe "Min-SE" b"min-se";
    PAssertedIdentity "P-Asserted-Identity" b"p-asserted-identity";
    PPreferredIdentity "P-Preferred-Identity" b"p-preferred-identity";
    Path "Path" b"path";
    Privacy "Privacy" b"privacy";
    ProxyAuthenticate "Proxy-Authenticate" b"proxy-authenticate";
    ProxyAuthorization "Proxy-Authorization" b"proxy-authorization";
    ProxyRequire "Proxy-Require" b"proxy-require";
    RAck "RAck" b"rack";
    Reason "Reason" b"reason";
    RecordRoute "Record-Route" b"record-route";
    RecvInfo "Recv-Info" b"recv-info";
    ReferSub "Refer-Sub" b"refer-sub";
    ReferTo "Refer-To" b"refer-to" | b"r";
    RemotePartyId "Remote-Party-ID" b"remote-party-id";
    ReferredBy "Referred-By" b"referred-by" | b"b";
    Replaces "Replaces" b"replaces";
    Require "Require" b"require";
    RetryAfter "Retry-After" b"retry-after";
    Route "Route" b"route";
    RSeq "RSeq" b"rseq";
    Server "Server" b"server";
    ServiceRoute "Service-Route" b"service-route";
    SessionExpires "Session-Expires" b"session-expires" | b"x";
    Subject "Subject" b"subject" | b"s";
    SubscriptionState "Subscription-State" b"subscription-state";
    Supported "Supported" b"supported" | b"k";
    Timestamp "Timestamp" b"timestamp";
    To "To" b"to" | b"t";
    Unsupported "Unsupported" b"unsupported";
    UserAgent "User-Agent" b"user-agent";
    Via "Via" b"via" | b"v";
    Warning "Warning" b"warning";
    WwwAuthenticate "WWW-Authenticate" b"www-authenticate";
}

impl HeaderName {
    /// The header of a name in any case, full or compact (RFC 3261 §7.3.3).
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        const LONGEST: usize = 24;
        let mut lower = [0_u8; LONGEST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Self::from_lower(lower)
    }

    /// Whether it is a list of addresses or hops, of which each element is kept as a field of its own.
    ///
    /// The lists of plain words (Allow, Supported …) stay whole and are split when they are read.
    pub(crate) const fn is_split(self) -> bool {
        matches!(
            self,
            Self::Via
                | Self::Contact
                | Self::Route
                | Self::RecordRoute
                | Self::Path
                | Self::ServiceRoute
                | Self::PAssertedIdentity
                | Self::PPreferredIdentity
                | Self::Diversion
                | Self::HistoryInfo
                | Self::RemotePartyId
        )
    }

    /// Whether its value must not be seen in a log.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Authorization | Self::ProxyAuthorization)
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
