package httpcall

import "net/netip"

// refusedNetworks lists what no call of a user may reach: the networks of RFC 6890
// and the like that are not the public internet. It is for IPv4 and for what lies
// inside publicIPv6.
func refusedNetworks() []netip.Prefix {
	return parsePrefixes(
		"0.0.0.0/8",        // this network; 0.0.0.0 reaches loopback
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // carriers' NAT; metadata of some clouds
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // Azure's host agent
		"169.254.0.0/16",   // link-local; metadata of most clouds
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"192.168.0.0/16",   // private
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved; broadcast
		"2001::/23",        // protocol assignments; Teredo
		"2001:db8::/32",    // documentation
		"2002::/16",        // 6to4, which holds an IPv4 address
		"3fff::/20",        // documentation
	)
}

// publicIPv6 is all of IPv6 that is handed out as public. Outside of it lie ::1, the
// embeddings of IPv4 (::/96, 64:ff9b::/96, 64:ff9b:1::/48), 100::/64, fc00::/7,
// fe80::/10, fec0::/10 and ff00::/8.
func publicIPv6() netip.Prefix { return netip.MustParsePrefix("2000::/3") }

func parsePrefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, s := range list {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}

// plain strips what would make an address slip through a comparison: a prefix does
// not contain the IPv4-mapped form of an address that it contains, nor one with a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
