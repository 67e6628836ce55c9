using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Hosting;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>
/// What a silo does for clients: it sends their calls on to the silos of the grains, and passes the replies back. It remembers
/// the open ones, because a client cannot know that the silo behind its gateway has died.
/// </summary>
internal sealed class Gateway(SiloNode silo)
{
    private readonly ConcurrentDictionary<(SiloAddress Client, long Id), (Message Message, SiloAddress Receiver)> _open = new();

    /// <summary>Called for each message that leaves this silo for another one.</summary>
    public void Track(Message message, SiloAddress receiver)
    {
        if (message.Sender.IsClient && (message.Via is null || message.Via.Equals(silo.Address)))
        {
            message.Via = silo.Address;
            if (message.Kind == MessageKind.Request)
            {
                _open[(message.Sender, message.Id)] = (message, receiver);
            }
        }
    }

    public void Forget(SiloAddress client, long id) => _open.TryRemove((client, id), out _);

    public void OnSiloDied(SiloAddress dead)
    {
        foreach (KeyValuePair<(SiloAddress Client, long Id), (Message Message, SiloAddress Receiver)> entry in _open)
        {
            if (entry.Value.Receiver.Equals(dead) && _open.TryRemove(entry))
            {
                Message message = entry.Value.Message;
                message.Via = null;
                silo.Replies.Fail(message, new SiloUnavailableException($"The silo {dead} became unavailable during a call to {message.Target}."));
            }
        }
    }
}
