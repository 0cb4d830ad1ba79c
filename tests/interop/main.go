// Stock clients of the C2SP formats, reading what a node of ours wrote. Nothing in here is ours but the plumbing: notes
// and trees are golang.org/x/mod's, checkpoints, policies, tiles and proofs filippo.io/torchwood's, and the log that
// asks a witness is Tessera.
// Each command prints what it read, or ends with 1 and says what did not hold.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var commands = map[string]func([]string) error{
	"note":       openNote,        // VKEY FILE: the text of a signed note
	"checkpoint": openCheckpoint,  // POLICY FILE: origin, size and root of a checkpoint that the policy accepts
	"proof":      checkProof,      // POLICY LEAF FILE: a C2SP tlog-proof of the leaf hash
	"entries":    readEntries,     // URL VKEY TOKEN: leaf hashes of all entries, each checked against the tiles
	"grown":      checkGrowth,     // URL VKEY OLD-FILE: is the checkpoint served now a continuation of an old one?
	"log":        beLog,           // DIR PRIVATE-KEY WITNESS-VKEY WITNESS-URL N: a log of N entries that a witness cosigns
	"cosigned":   openCosignature, // VKEY FILE: the time of a witness's cosignature on a checkpoint
}

func main() {
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func openNote(args []string) error {
	verifier, err := note.NewVerifier(args[0])
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	fmt.Print(opened.Text)
	return nil
}

func policyOf(file string) (torchwood.Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return torchwood.ParsePolicy(text)
}

func openCheckpoint(args []string) error {
	policy, err := policyOf(args[0])
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	checkpoint, _, err := torchwood.VerifyCheckpoint(raw, policy)
	if err != nil {
		return err
	}
	fmt.Print(checkpoint)
	return nil
}

func checkProof(args []string) error {
	policy, err := policyOf(args[0])
	if err != nil {
		return err
	}
	leaf, err := tlog.ParseHash(args[1])
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	return torchwood.VerifyProof(policy, leaf, raw)
}

// treeOf opens a checkpoint with the plain note package, under the log's key alone.
func treeOf(raw []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	return checkpoint.Tree, err
}

type withToken struct{ token string }

func (t withToken) RoundTrip(request *http.Request) (*http.Response, error) {
	request.Header.Set("Authorization", "Bearer "+t.token)
	return http.DefaultTransport.RoundTrip(request)
}

func fetcherOf(url, token string) (*torchwood.TileFetcher, error) {
	client := &http.Client{Transport: withToken{token}, Timeout: 10 * time.Second}
	return torchwood.NewTileFetcher(url, torchwood.WithHTTPClient(client), torchwood.WithConcurrencyLimit(4))
}

func readEntries(args []string) error {
	fetcher, err := fetcherOf(args[0], args[2])
	if err != nil {
		return err
	}
	ctx := context.Background()
	raw, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	tree, err := treeOf(raw, args[1])
	if err != nil {
		return err
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	for _, entry := range client.AllEntries(ctx, tree, 0) {
		fmt.Println(tlog.RecordHash(entry))
	}
	return client.Err()
}

func checkGrowth(args []string) error {
	fetcher, err := fetcherOf(args[0], "")
	if err != nil {
		return err
	}
	ctx := context.Background()
	raw, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	now, err := treeOf(raw, args[1])
	if err != nil {
		return err
	}
	before, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	old, err := treeOf(before, args[1])
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(now.N, old.N, torchwood.TileHashReaderWithContext(ctx, now, fetcher))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash); err != nil {
		return err
	}
	fmt.Println(old.N, now.N)
	return nil
}

// beLog runs a log that publishes nothing which the witness has not cosigned, in steps, so that the witness is asked for
// several sizes; and prints the last checkpoint it published.
func beLog(args []string) error {
	signer, err := note.NewSigner(args[1])
	if err != nil {
		return err
	}
	address, err := url.Parse(args[3])
	if err != nil {
		return err
	}
	only, err := tessera.NewWitness(args[2], address)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	driver, err := posix.New(ctx, posix.Config{Path: args[0]})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(100*time.Millisecond).
		WithBatching(1, 10*time.Millisecond).
		WithWitnesses(tessera.NewWitnessGroup(1, only), &tessera.WitnessOptions{Timeout: 10 * time.Second})
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	published := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	var last []byte
	for i := range count {
		add := appender.Add(ctx, tessera.NewEntry([]byte(strconv.Itoa(i))))
		if _, last, err = published.Await(ctx, add); err != nil {
			return err
		}
	}
	fmt.Print(string(last))
	return shutdown(ctx)
}

func openCosignature(args []string) error {
	verifier, err := torchwood.NewCosignatureVerifier(args[0])
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	at, err := torchwood.CosignatureTimestamp(opened.Sigs[0])
	if err != nil {
		return err
	}
	fmt.Println(at)
	return nil
}
