package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/agentic-sdlc/scheduler/handler"
)

// mail sends a message by SMTP. What the server says after it took the message counts no
// more: sending it again would be worse.
func (c *channel) mail(ctx context.Context, t *handler.Task, m *Message, at time.Time) *handler.Failure {
	letter, err := c.letter(t, m, at)
	if err != nil {
		return &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	client, err := c.client(ctx)
	if err != nil {
		return c.failed("smtp_connect", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return c.failed(stage(err), err)
	}
	err = client.SendWithSMTPClient(conn, letter)
	_ = client.CloseWithSMTPClient(conn)
	switch fault, ok := errors.AsType[*mail.SendError](err); {
	case err == nil:
		return nil
	case ok && fault.ErrorCode() >= 500:
		f := c.failed("smtp_rejected", err)
		f.Permanent = true
		return f
	case ok && fault.ErrorCode() >= 400:
		return c.failed("smtp_busy", err)
	}
	return c.failed("smtp_network", err)
}

// letter writes the message. The library encodes what is no ASCII.
func (c *channel) letter(t *handler.Task, m *Message, at time.Time) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	err := errors.Join(letter.From(c.From), letter.To(m.To...))
	letter.Subject(m.Subject)
	letter.SetDateWithValue(at)
	letter.SetMessageIDWithValue(messageID(c, t))
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetGenHeader(mail.Header(cmp.Or(m.About, "X-Schedd-Execution-Id")), t.ExecutionID.String())
	letter.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		letter.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	return letter, err
}

// messageID is the same for every attempt of a run, so that a reader's program may know
// a second copy.
func messageID(c *channel, t *handler.Task) string {
	domain := "schedd.invalid"
	if from, err := netmail.ParseAddress(c.From); err == nil {
		domain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	}
	return t.ExecutionID.String() + "@" + domain
}

// client returns a client for one delivery: the end of ctx cuts its connection, whatever
// the library waits for.
func (c *channel) client(ctx context.Context) (*mail.Client, error) {
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := c.dial(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(sendWithin), mail.WithTLSConfig(c.tls), mail.WithDialContextFunc(dial), mail.WithoutNoop(),
	}
	switch c.TLS {
	case TLSImplicit:
		options = append(options, mail.WithSSL())
	case TLSNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if c.Username != "" {
		options = append(options, mail.WithUsername(c.Username), mail.WithPassword(c.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	return mail.NewClient(c.Host, options...)
}

// dial connects, and begins with TLS where the server expects that.
func (c *channel) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil || c.TLS != TLSImplicit {
		return conn, err
	}
	secure := tls.Client(conn, c.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// stage names where a connection failed.
func stage(err error) string {
	_, alert := errors.AsType[tls.AlertError](err)
	_, verify := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, reply := errors.AsType[*textproto.Error](err)
	text := err.Error()
	switch {
	case alert, verify, unknown, record, strings.Contains(text, "STARTTLS"):
		return "smtp_tls"
	case strings.Contains(text, "AUTH"), strings.Contains(text, "auth"):
		return "smtp_auth"
	case reply:
		return "smtp_busy"
	}
	return "smtp_connect"
}

func (c *channel) failed(class string, err error) *handler.Failure {
	return &handler.Failure{Class: class, Message: "mail by " + net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) + ": " + err.Error(), Err: err}
}
