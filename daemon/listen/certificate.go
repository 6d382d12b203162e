package listen

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// Certificate is a certificate with its key, read from two files, that can be read
// again while connections use it. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	pair              atomic.Pointer[tls.Certificate]
}

// LoadCertificate reads a pair. The error says what is wrong with it: files that cannot
// be read, a key that others may read or that belongs to another certificate, dates.
func LoadCertificate(certFile, keyFile string, now time.Time) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	return c, c.Reload(now)
}

// Reload reads the files again. After an error the old pair holds.
func (c *Certificate) Reload(now time.Time) error {
	info, err := os.Stat(c.keyFile)
	if err != nil {
		return fmt.Errorf("read the TLS key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return fmt.Errorf("the TLS key %s has mode %04o, so others than its owner and group may read it, or write it: chmod 0640 it", c.keyFile, mode)
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("read the TLS certificate %s with the key %s: %w", c.certFile, c.keyFile, err)
	}
	if pair.Leaf == nil {
		return errors.New("the TLS certificate has no first certificate")
	}
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the TLS certificate %s expired on %s", c.certFile, leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the TLS certificate %s is not valid before %s", c.certFile, leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	c.pair.Store(&pair)
	return nil
}

// Leaf returns the certificate that is shown.
func (c *Certificate) Leaf() *x509.Certificate { return c.pair.Load().Leaf }

// config is how the certificate is used: TLS 1.2 at least, and HTTP/1.1 only.
func (c *Certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.pair.Load(), nil
		},
	}
}
