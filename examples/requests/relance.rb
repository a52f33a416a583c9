# Counts the requests of a Rack program for relance --max-requests:
#
#     use Relance
#
# Each process connects for itself. Without relance it does nothing.
require 'rack'
require 'socket'

class Relance
  def initialize(app)
    @app, @lock = app, Mutex.new
  end

  def call(env)
    begun = tell('begin')
    status, headers, body = @app.call(env)
    [status, headers, Rack::BodyProxy.new(body) { tell('end') if begun }]
  rescue StandardError
    tell('end') if begun
    raise
  end

  # Says begin or end, and returns whether relance knows of it.
  def tell(word)
    name = ENV['RELANCE_SOCKET'] or return
    @lock.synchronize do
      unless @pid == Process.pid # also after a fork
        @pid, @leaving, @stream = Process.pid, false, UNIXSocket.new(name.sub(/\A@/, "\0"))
        @stream.gets # relance 1
      end
      return if !@stream || @leaving && word == 'begin' # a stop is due: the server ends what it takes now by itself
      @stream.puts(word)
      @leaving = true while (answer = @stream.gets) == "drain\n" # the answer comes after it
      answer&.start_with?('ok')
    end
  rescue SystemCallError
    nil # relance is gone, and the work goes on
  end
end
