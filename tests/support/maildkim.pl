# Verifies DKIM signatures: lines "R <name> <record>" tell of public keys, "M <octets>" is followed by a message.
# Answers a line "<domain>/<selector> <result>" for each signature, then ".".
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS;

package Zone;
my %records;
sub new { return bless {}, shift; }
sub errorstring { return 'NOERROR'; }

sub send {
    my ($self, $name, $type) = @_;
    my $packet = Net::DNS::Packet->new($name, $type);
    my $value = $records{ lc $name };
    if (!defined $value) {
        $packet->header->rcode('NXDOMAIN');
        return $packet;
    }
    my @strings = unpack('(A255)*', $value);
    $packet->push(answer => Net::DNS::RR->new(owner => $name, type => $type, txtdata => \@strings));
    return $packet;
}

package main;
binmode STDIN;
$| = 1;
Mail::DKIM::DNS::resolver(Zone->new);

while (my $line = <STDIN>) {
    chomp $line;
    if ($line =~ /^R (\S+) (.*)$/) {
        $records{ lc $1 } = $2;
    }
    elsif ($line =~ /^M (\d+)$/) {
        read(STDIN, my $message, $1);
        my $verifier = Mail::DKIM::Verifier->new;
        $verifier->PRINT($message);
        $verifier->CLOSE;
        for my $signature ($verifier->signatures) {
            print $signature->domain, '/', $signature->selector, ' ', $signature->result, "\n";
        }
        print ".\n";
    }
}
