//! Messages as bytes.

use super::super::headers::{CSeq, Headers, NameAddr, SipCallId, TypedHeader, Via, write_line};
use super::{Request, Response};

impl Request {
    /// The request as on the wire, with its Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        out.extend_from_slice(format!("{} {} SIP/2.0\r\n", self.method, self.uri).as_bytes());
        write_vias(&mut out, &self.vias);
        if let Some(hops) = self.max_forwards {
            write_line(&mut out, b"Max-Forwards", hops.to_string().as_bytes());
        }
        let cseq = CSeq { number: self.cseq, method: self.method.clone() };
        write_identity(&mut out, &self.from, &self.to, &self.call_id, &cseq);
        write_rest(&mut out, &self.headers, &self.body);
        out
    }
}

impl Response {
    /// The response as on the wire, with its Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        out.extend_from_slice(format!("SIP/2.0 {} ", self.status).as_bytes());
        // A line end here would begin a header.
        out.extend(self.reason.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        out.extend_from_slice(b"\r\n");
        write_vias(&mut out, &self.vias);
        write_identity(&mut out, &self.from, &self.to, &self.call_id, &self.cseq);
        write_rest(&mut out, &self.headers, &self.body);
        out
    }
}

fn write_vias(out: &mut Vec<u8>, vias: &[Via]) {
    for via in vias {
        write_line(out, b"Via", via.to_string().as_bytes());
    }
}

fn write_identity(out: &mut Vec<u8>, from: &NameAddr, to: &NameAddr, call_id: &SipCallId, cseq: &CSeq) {
    write_line(out, b"From", from.as_bytes());
    write_line(out, b"To", to.as_bytes());
    write_line(out, b"Call-ID", call_id.as_str().as_bytes());
    out.extend_from_slice(b"CSeq: ");
    cseq.write(out);
    out.extend_from_slice(b"\r\n");
}

pub(super) fn write_rest(out: &mut Vec<u8>, headers: &Headers, body: &[u8]) {
    headers.write(out);
    write_line(out, b"Content-Length", body.len().to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}
