package peer

import (
	"context"
	"os"
	"path/filepath"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// FetchFile gets a file to a path of the system's. An interrupted fetch leaves what has come beside it;
// the next one to the same path goes on from there.
func (c *Client) FetchFile(ctx context.Context, request Request, path string) Result {
	root, err := disk.OpenFolder(filepath.Dir(path))
	if err != nil {
		return failedBefore(request, err)
	}
	defer root.Close()
	return c.FetchBelow(ctx, request, root, filepath.Base(path))
}

// FetchBelow gets a file to a slash-separated name below root, as FetchFile does, and makes the folders
// that it needs. No link in the name leads out of root.
func (c *Client) FetchBelow(ctx context.Context, request Request, root *os.Root, name string) Result {
	part := store.NewPart(root, name)
	part.Use(store.Options{NoTimes: c.NoTimes})
	result := c.FetchInto(ctx, request, part)
	if err := part.Close(); err != nil && result.Outcome == client.Fetched {
		return diskFailed(result, err)
	}
	return result
}

// failedBefore is the result of a fetch that our own disk did not let begin.
func failedBefore(request Request, err error) Result {
	return diskFailed(Result{client.Result{Name: request.Name}}, err)
}
