package redis

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"

	"github.com/agentic-sdlc/scheduler/job"
)

// tlsFiles are the files that an address names, by the words that PostgreSQL has for them.
type tlsFiles struct{ root, cert, key string }

// splitTLS takes the files out of an address: the library knows nothing of them.
func splitTLS(address string) (rest string, files tlsFiles, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", files, err
	}
	q := u.Query()
	for name, file := range map[string]*string{"sslrootcert": &files.root, "sslcert": &files.cert, "sslkey": &files.key} {
		*file = q.Get(name)
		q.Del(name)
	}
	if files == (tlsFiles{}) {
		return address, files, nil
	}
	u.RawQuery = q.Encode()
	return u.String(), files, nil
}

// apply reads the files. config is nil without TLS.
func (f tlsFiles) apply(config *tls.Config) error {
	if f == (tlsFiles{}) {
		return nil
	}
	if config == nil {
		return job.Errorf(job.Invalid, "the URL of Redis names certificates and has no TLS").WithHint("it begins with rediss://")
	}
	if f.root != "" {
		text, err := os.ReadFile(f.root)
		if err != nil {
			return job.Errorf(job.Invalid, "sslrootcert of Redis: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return job.Errorf(job.Invalid, "sslrootcert of Redis: no certificate is in %s", f.root)
		}
	}
	if f.cert != "" || f.key != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return job.Errorf(job.Invalid, "sslcert and sslkey of Redis: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return nil
}
